/** Our numbers and offsets are those of the kernel's headers: a C program compiled against them says each one. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as ours from '../../src/sys/linux-constants.ts';
import { describeWithTools } from '../support/tools.ts';

/** C expressions of those that are not called there what they are called here. */
const EXPRESSIONS: Readonly<Record<string, string>> = {
  TPACKET_V3: 'TPACKET_V3',
  SOCKADDR_LL_OCTETS: 'sizeof(struct sockaddr_ll)',
  SLL_FAMILY: 'offsetof(struct sockaddr_ll, sll_family)',
  SLL_PROTOCOL: 'offsetof(struct sockaddr_ll, sll_protocol)',
  SLL_IFINDEX: 'offsetof(struct sockaddr_ll, sll_ifindex)',
  SLL_PKTTYPE: 'offsetof(struct sockaddr_ll, sll_pkttype)',
  PACKET_MREQ_OCTETS: 'sizeof(struct packet_mreq)',
  MREQ_IFINDEX: 'offsetof(struct packet_mreq, mr_ifindex)',
  MREQ_TYPE: 'offsetof(struct packet_mreq, mr_type)',
  TPACKET_REQ3_OCTETS: 'sizeof(struct tpacket_req3)',
  REQ_BLOCK_SIZE: 'offsetof(struct tpacket_req3, tp_block_size)',
  REQ_BLOCK_NR: 'offsetof(struct tpacket_req3, tp_block_nr)',
  REQ_FRAME_SIZE: 'offsetof(struct tpacket_req3, tp_frame_size)',
  REQ_FRAME_NR: 'offsetof(struct tpacket_req3, tp_frame_nr)',
  REQ_RETIRE_BLK_TOV: 'offsetof(struct tpacket_req3, tp_retire_blk_tov)',
  BLOCK_DESC_OCTETS: 'sizeof(struct tpacket_block_desc)',
  BLOCK_STATUS: 'offsetof(struct tpacket_block_desc, hdr.bh1.block_status)',
  BLOCK_NUM_PKTS: 'offsetof(struct tpacket_block_desc, hdr.bh1.num_pkts)',
  BLOCK_OFFSET_TO_FIRST_PKT: 'offsetof(struct tpacket_block_desc, hdr.bh1.offset_to_first_pkt)',
  BLOCK_BLK_LEN: 'offsetof(struct tpacket_block_desc, hdr.bh1.blk_len)',
  BLOCK_SEQ_NUM: 'offsetof(struct tpacket_block_desc, hdr.bh1.seq_num)',
  TPACKET3_HDR_OCTETS: 'sizeof(struct tpacket3_hdr)',
  PKT_NEXT_OFFSET: 'offsetof(struct tpacket3_hdr, tp_next_offset)',
  PKT_SEC: 'offsetof(struct tpacket3_hdr, tp_sec)',
  PKT_NSEC: 'offsetof(struct tpacket3_hdr, tp_nsec)',
  PKT_SNAPLEN: 'offsetof(struct tpacket3_hdr, tp_snaplen)',
  PKT_LEN: 'offsetof(struct tpacket3_hdr, tp_len)',
  PKT_STATUS: 'offsetof(struct tpacket3_hdr, tp_status)',
  PKT_MAC: 'offsetof(struct tpacket3_hdr, tp_mac)',
  PKT_VLAN_TCI: 'offsetof(struct tpacket3_hdr, hv1.tp_vlan_tci)',
  PKT_VLAN_TPID: 'offsetof(struct tpacket3_hdr, hv1.tp_vlan_tpid)',
  TPACKET_STATS_V3_OCTETS: 'sizeof(struct tpacket_stats_v3)',
  STATS_PACKETS: 'offsetof(struct tpacket_stats_v3, tp_packets)',
  STATS_DROPS: 'offsetof(struct tpacket_stats_v3, tp_drops)',
  STATS_FREEZE_Q_CNT: 'offsetof(struct tpacket_stats_v3, tp_freeze_q_cnt)',
  VIRTIO_NET_HDR_OCTETS: 'sizeof(struct virtio_net_hdr)',
  VNET_FLAGS: 'offsetof(struct virtio_net_hdr, flags)',
  VNET_GSO_TYPE: 'offsetof(struct virtio_net_hdr, gso_type)',
  VNET_GSO_SIZE: 'offsetof(struct virtio_net_hdr, gso_size)',
  VNET_CSUM_START: 'offsetof(struct virtio_net_hdr, csum_start)',
  SOCK_FILTER_OCTETS: 'sizeof(struct sock_filter)',
  SOCK_FPROG_OCTETS: 'sizeof(struct sock_fprog)',
  SOCK_FPROG_FILTER: 'offsetof(struct sock_fprog, filter)',
  BPF_ATTR_OCTETS: 'offsetof(union bpf_attr, kern_version) + 8',
  MAP_TYPE: 'offsetof(union bpf_attr, map_type)',
  MAP_KEY_SIZE: 'offsetof(union bpf_attr, key_size)',
  MAP_VALUE_SIZE: 'offsetof(union bpf_attr, value_size)',
  MAP_MAX_ENTRIES: 'offsetof(union bpf_attr, max_entries)',
  LOOKUP_MAP_FD: 'offsetof(union bpf_attr, map_fd)',
  LOOKUP_KEY: 'offsetof(union bpf_attr, key)',
  LOOKUP_VALUE: 'offsetof(union bpf_attr, value)',
  LOAD_PROG_TYPE: 'offsetof(union bpf_attr, prog_type)',
  LOAD_INSN_CNT: 'offsetof(union bpf_attr, insn_cnt)',
  LOAD_INSNS: 'offsetof(union bpf_attr, insns)',
  LOAD_LICENSE: 'offsetof(union bpf_attr, license)',
  MSGHDR_OCTETS: 'sizeof(struct msghdr)',
  MSG_IOV: 'offsetof(struct msghdr, msg_iov)',
  MSG_IOVLEN: 'offsetof(struct msghdr, msg_iovlen)',
  MSG_CONTROL: 'offsetof(struct msghdr, msg_control)',
  MSG_CONTROLLEN: 'offsetof(struct msghdr, msg_controllen)',
  MMSGHDR_OCTETS: 'sizeof(struct mmsghdr)',
  IOVEC_OCTETS: 'sizeof(struct iovec)',
  IOV_LEN: 'offsetof(struct iovec, iov_len)',
  CMSG_LEVEL: 'offsetof(struct cmsghdr, cmsg_level)',
  CMSG_TYPE: 'offsetof(struct cmsghdr, cmsg_type)',
  CMSG_DATA: 'CMSG_LEN(0)',
  SOL_UDP: 'IPPROTO_UDP',
  SOCKADDR_IN_OCTETS: 'sizeof(struct sockaddr_in)',
  SOCKADDR_IN6_OCTETS: 'sizeof(struct sockaddr_in6)',
  SIN_PORT: 'offsetof(struct sockaddr_in, sin_port)',
  SIN_ADDR: 'offsetof(struct sockaddr_in, sin_addr)',
  SIN6_ADDR: 'offsetof(struct sockaddr_in6, sin6_addr)',
  SUN_PATH: 'offsetof(struct sockaddr_un, sun_path)',
  SUN_PATH_OCTETS: 'sizeof(((struct sockaddr_un *)0)->sun_path)',
  TCP_INFO_BYTES_ACKED: 'offsetof(struct tcp_info, tcpi_bytes_acked)',
  NLMSG_OCTETS: 'NLMSG_HDRLEN',
  NLMSG_TYPE: 'offsetof(struct nlmsghdr, nlmsg_type)',
  NLMSG_FLAGS: 'offsetof(struct nlmsghdr, nlmsg_flags)',
  DIAG_REQUEST_OCTETS: 'sizeof(struct inet_diag_req_v2)',
  DIAG_REQUEST_PROTOCOL: 'offsetof(struct inet_diag_req_v2, sdiag_protocol)',
  DIAG_REQUEST_ATTRIBUTES: 'offsetof(struct inet_diag_req_v2, idiag_ext)',
  DIAG_REQUEST_STATES: 'offsetof(struct inet_diag_req_v2, idiag_states)',
  DIAG_REQUEST_ID: 'offsetof(struct inet_diag_req_v2, id)',
  DIAG_ID_DESTINATION_PORT: 'offsetof(struct inet_diag_sockid, idiag_dport)',
  DIAG_ID_SOURCE: 'offsetof(struct inet_diag_sockid, idiag_src)',
  DIAG_ID_DESTINATION: 'offsetof(struct inet_diag_sockid, idiag_dst)',
  DIAG_ID_COOKIE: 'offsetof(struct inet_diag_sockid, idiag_cookie)',
  DIAG_ANSWER_OCTETS: 'sizeof(struct inet_diag_msg)',
  DIAG_ANSWER_QUEUED: 'offsetof(struct inet_diag_msg, idiag_rqueue)',
  DIAG_ANSWER_INODE: 'offsetof(struct inet_diag_msg, idiag_inode)',
  POLLFD_OCTETS: 'sizeof(struct pollfd)',
  POLLFD_EVENTS: 'offsetof(struct pollfd, events)',
  POLLFD_REVENTS: 'offsetof(struct pollfd, revents)',
  IFREQ_OCTETS: 'sizeof(struct ifreq)',
  IFREQ_DATA: 'offsetof(struct ifreq, ifr_ifru)',
};

/** Newer than some distributions' headers: the number is checked where the header has it. */
const NEWER = [
  ...['PACKET_FANOUT_FLAG_IGNORE_OUTGOING', 'VIRTIO_NET_HDR_GSO_UDP_L4', 'SKF_AD_RANDOM'],
  'MADV_POPULATE_WRITE',
];

const HEADERS = [
  'signal.h',
  ...['stddef.h', 'stdio.h', 'errno.h', 'poll.h', 'sys/socket.h', 'sys/mman.h', 'sys/ioctl.h'],
  ...['sys/file.h', 'sys/syscall.h', 'sys/uio.h', 'sys/un.h', 'netinet/in.h'],
  ...[
    'linux/if.h',
    'linux/if_arp.h',
    'linux/if_ether.h',
    'linux/if_packet.h',
    'linux/filter.h',
    'linux/bpf.h',
  ],
  ...['linux/net_tstamp.h', 'linux/virtio_net.h', 'linux/sockios.h', 'linux/tcp.h', 'linux/udp.h'],
  ...['linux/netlink.h', 'linux/inet_diag.h', 'linux/sock_diag.h'],
];

/** How a program is compiled for each architecture, and run. */
const ARCHITECTURES = [
  { name: 'x64', compiler: ['gcc'], runner: [] },
  { name: 'arm64', compiler: ['aarch64-linux-gnu-gcc', '-static'], runner: ['qemu-aarch64-static'] },
];

/** What a name stands for in C: an instruction of classic BPF is made of its class and what its name goes on with. */
function expressionOf(name: string): string {
  const isInstruction = /^BPF_(LDX?|STX?|ALU|JMP|RET|MISC)_/.test(name);
  if (!isInstruction) return EXPRESSIONS[name] ?? name;
  const [, ...parts] = name.split('_');
  return parts.map((part) => `BPF_${part}`).join(' | ');
}

/** A C program that writes each name with its number. */
function program(): string {
  const print = (name: string, expression: string) =>
    `printf("${name} %lld\\n", (long long)(${expression}));`;
  const numbers = Object.keys(ours).filter((name) => name !== 'BPF_SYSTEM_CALLS');
  const lines = numbers.map((name) => {
    const line = print(name, expressionOf(name));
    return NEWER.includes(name) ? `#ifdef ${name}\n${line}\n#endif` : line;
  });
  lines.push(print('BPF_SYSTEM_CALLS', '__NR_bpf'));
  const includes = HEADERS.map((name) => `#include <${name}>`);
  return ['#define _GNU_SOURCE', ...includes, 'int main(void) {', ...lines, 'return 0; }'].join('\n');
}

describe.each(ARCHITECTURES)("Linux' constants on $name", ({ name: architecture, compiler, runner }) => {
  // On the architecture itself nothing is emulated.
  const [command, ...options] = process.arch === architecture ? ['gcc'] : compiler;
  const start = process.arch === architecture ? [] : runner;
  describeWithTools([command!, ...start], 'against its headers', () => {
    it('are those of the kernel’s headers', () => {
      const folder = mkdtempSync(join(tmpdir(), 'flowtap-constants-'));
      try {
        const [source, binary] = [join(folder, 'constants.c'), join(folder, 'constants')];
        writeFileSync(source, program());
        execFileSync(command!, [...options, '-o', binary, source]);
        const [first, ...rest] = [...start, binary];
        const theirs = execFileSync(first!, rest, { encoding: 'utf8' }).trim().split('\n');
        expect(theirs.length).toBeGreaterThanOrEqual(Object.keys(ours).length - NEWER.length);
        const values: Readonly<Record<string, unknown>> = {
          ...ours,
          BPF_SYSTEM_CALLS: ours.BPF_SYSTEM_CALLS[architecture],
        };
        expect(theirs).toEqual(theirs.map((line) => `${line.split(' ')[0]} ${values[line.split(' ')[0]!]}`));
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  });
});
