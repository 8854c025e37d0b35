/** Our numbers and offsets are those of the kernel's headers: a C program compiled against them says each one. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
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
  BPF_LD_W_ABS: 'BPF_LD | BPF_W | BPF_ABS',
  BPF_ALU_MOD_K: 'BPF_ALU | BPF_MOD | BPF_K',
  BPF_JMP_JEQ_K: 'BPF_JMP | BPF_JEQ | BPF_K',
  BPF_RET_K: 'BPF_RET | BPF_K',
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
  POLLFD_OCTETS: 'sizeof(struct pollfd)',
  POLLFD_EVENTS: 'offsetof(struct pollfd, events)',
  POLLFD_REVENTS: 'offsetof(struct pollfd, revents)',
  IFREQ_OCTETS: 'sizeof(struct ifreq)',
  IFREQ_DATA: 'offsetof(struct ifreq, ifr_ifru)',
};

/** Newer than some distributions' headers: the number is checked where the header has it. */
const NEWER = ['PACKET_FANOUT_FLAG_IGNORE_OUTGOING', 'VIRTIO_NET_HDR_GSO_UDP_L4', 'SKF_AD_RANDOM'];

const HEADERS = [
  ...['stddef.h', 'stdio.h', 'errno.h', 'poll.h', 'sys/socket.h', 'sys/mman.h', 'sys/ioctl.h'],
  ...[
    'linux/if.h',
    'linux/if_arp.h',
    'linux/if_ether.h',
    'linux/if_packet.h',
    'linux/filter.h',
    'linux/bpf.h',
  ],
  ...['linux/net_tstamp.h', 'linux/virtio_net.h', 'linux/sockios.h'],
];

describeWithTools(['gcc'], "Linux' constants", () => {
  it('are those of the kernel’s headers', () => {
    const folder = mkdtempSync(join(tmpdir(), 'flowtap-constants-'));
    try {
      const lines = Object.keys(ours).map((name) => {
        const print = `printf("${name} %lld\\n", (long long)(${EXPRESSIONS[name] ?? name}));`;
        return NEWER.includes(name) ? `#ifdef ${name}\n${print}\n#endif` : print;
      });
      const includes = HEADERS.map((name) => `#include <${name}>`);
      const source = ['#define _GNU_SOURCE', ...includes, 'int main(void) {', ...lines, 'return 0; }'];
      const file = join(folder, 'constants.c');
      writeFileSync(file, source.join('\n'));
      execFileSync('gcc', ['-o', join(folder, 'constants'), file]);
      const theirs = execFileSync(join(folder, 'constants'), { encoding: 'utf8' }).trim().split('\n');
      expect(theirs.length).toBeGreaterThanOrEqual(Object.keys(ours).length - NEWER.length);
      const values = ours as unknown as Readonly<Record<string, number>>;
      expect(theirs).toEqual(theirs.map((line) => `${line.split(' ')[0]} ${values[line.split(' ')[0]!]}`));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
