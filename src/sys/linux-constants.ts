/**
 * Numbers of Linux' packet sockets (linux/if_packet.h, linux/filter.h, linux/bpf.h, linux/if.h, linux/virtio_net.h), of
 * its other sockets, and of memory, and where the fields of their structures stand, in octets. They are the same on
 * x86-64 and arm64; a test compiled against the kernel's headers of both checks each of them. Plain: no behaviour.
 */
export * from '../records/packet-ring.ts';

// Sockets.
export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const AF_NETLINK = 16;
export const AF_PACKET = 17;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOCK_CLOEXEC = 0o2000000;
export const SOCK_NONBLOCK = 0o4000;
export const SOL_SOCKET = 1;
export const SO_ERROR = 4;
export const SO_SNDBUF = 7;
export const SO_ATTACH_FILTER = 26;
export const SO_ATTACH_BPF = 50;
export const SOL_PACKET = 263;
export const ETH_P_ALL = 3;

// Options of packet sockets.
export const PACKET_ADD_MEMBERSHIP = 1;
export const PACKET_RX_RING = 5;
export const PACKET_STATISTICS = 6;
export const PACKET_VERSION = 10;
export const PACKET_VNET_HDR = 15;
export const PACKET_TIMESTAMP = 17;
export const PACKET_FANOUT = 18;
export const PACKET_QDISC_BYPASS = 20;
export const PACKET_IGNORE_OUTGOING = 23;
export const TPACKET_V3 = 2;
export const PACKET_MR_PROMISC = 1;
export const PACKET_OUTGOING = 4;
export const PACKET_FANOUT_HASH = 0;
export const PACKET_FANOUT_FLAG_DEFRAG = 0x8000;
export const PACKET_FANOUT_FLAG_IGNORE_OUTGOING = 0x4000;
export const SOF_TIMESTAMPING_RAW_HARDWARE = 1 << 6;

// struct packet_mreq.
export const PACKET_MREQ_OCTETS = 16;
export const MREQ_IFINDEX = 0;
export const MREQ_TYPE = 4;

// struct tpacket_req3.
export const TPACKET_REQ3_OCTETS = 28;
export const REQ_BLOCK_SIZE = 0;
export const REQ_BLOCK_NR = 4;
export const REQ_FRAME_SIZE = 8;
export const REQ_FRAME_NR = 12;
export const REQ_RETIRE_BLK_TOV = 16;

// struct tpacket_stats_v3.
export const TPACKET_STATS_V3_OCTETS = 12;
export const STATS_PACKETS = 0;
export const STATS_DROPS = 4;
export const STATS_FREEZE_Q_CNT = 8;

// Classic BPF: struct sock_filter is code (u16), jump if true (u8), if false (u8), k (u32); struct sock_fprog holds
// their number (u16) and, at octet 8, their address.
export const SOCK_FILTER_OCTETS = 8;
export const SOCK_FPROG_OCTETS = 16;
export const SOCK_FPROG_FILTER = 8;
export const BPF_MAXINSNS = 4096;
export const BPF_LD_W_ABS = 0x20;
export const BPF_LD_H_ABS = 0x28;
export const BPF_LD_B_ABS = 0x30;
export const BPF_LD_W_IND = 0x40;
export const BPF_LD_H_IND = 0x48;
export const BPF_LD_B_IND = 0x50;
export const BPF_LD_W_LEN = 0x80;
export const BPF_LD_MEM = 0x60;
export const BPF_LDX_IMM = 0x01;
export const BPF_LDX_MEM = 0x61;
export const BPF_ST = 0x02;
export const BPF_STX = 0x03;
export const BPF_ALU_ADD_K = 0x04;
export const BPF_ALU_ADD_X = 0x0c;
export const BPF_ALU_AND_K = 0x54;
export const BPF_ALU_LSH_K = 0x64;
export const BPF_ALU_RSH_K = 0x74;
export const BPF_ALU_MOD_K = 0x94;
export const BPF_JMP_JA = 0x05;
export const BPF_JMP_JEQ_K = 0x15;
export const BPF_JMP_JGT_K = 0x25;
export const BPF_JMP_JGE_K = 0x35;
export const BPF_JMP_JGE_X = 0x3d;
export const BPF_JMP_JSET_K = 0x45;
export const BPF_RET_K = 0x06;
export const BPF_RET_A = 0x16;
export const BPF_MISC_TAX = 0x07;
export const BPF_MISC_TXA = 0x87;
export const SKF_AD_OFF = -0x1000;
export const SKF_AD_PROTOCOL = 0;
export const SKF_AD_PKTTYPE = 4;
export const SKF_AD_IFINDEX = 8;
export const SKF_AD_VLAN_TAG = 44;
export const SKF_AD_VLAN_TAG_PRESENT = 48;
export const SKF_AD_RANDOM = 56;
export const SKF_AD_VLAN_TPID = 60;
export const SKF_LL_OFF = -0x200000;

/** Number of bpf(2), by Node's name of the architecture: Linux has one for each. */
export const BPF_SYSTEM_CALLS: Readonly<Record<string, number>> = { x64: 321, arm64: 280 };
// bpf(2): commands, and where the fields of union bpf_attr stand that each uses.
export const BPF_MAP_CREATE = 0;
export const BPF_MAP_LOOKUP_ELEM = 1;
export const BPF_PROG_LOAD = 5;
export const BPF_MAP_TYPE_ARRAY = 2;
export const BPF_PROG_TYPE_SOCKET_FILTER = 1;
export const BPF_ATTR_OCTETS = 48;
export const MAP_TYPE = 0;
export const MAP_KEY_SIZE = 4;
export const MAP_VALUE_SIZE = 8;
export const MAP_MAX_ENTRIES = 12;
export const LOOKUP_MAP_FD = 0;
export const LOOKUP_KEY = 8;
export const LOOKUP_VALUE = 16;
export const LOAD_PROG_TYPE = 0;
export const LOAD_INSN_CNT = 4;
export const LOAD_INSNS = 8;
export const LOAD_LICENSE = 16;

// Memory and waiting.
export const PROT_READ = 1;
export const PROT_WRITE = 2;
export const MAP_SHARED = 1;
export const MAP_PRIVATE = 2;
export const MAP_FIXED = 0x10;
export const MAP_ANONYMOUS = 0x20;
export const MAP_POPULATE = 0x8000;
export const MREMAP_MAYMOVE = 1;
export const MREMAP_FIXED = 2;
export const F_SETSIG = 10;
export const F_SETLEASE = 1024;
export const F_GETLEASE = 1025;
export const F_RDLCK = 0;
export const F_UNLCK = 2;
export const SIGURG = 23;
export const MADV_HUGEPAGE = 14;
export const MADV_POPULATE_WRITE = 23;
export const LOCK_EX = 2;
export const LOCK_NB = 4;
export const POLLIN = 1;
export const POLLERR = 8;
export const POLLFD_OCTETS = 8;
export const POLLFD_EVENTS = 4;
export const POLLFD_REVENTS = 6;

// Sending and receiving: struct msghdr, its vector and its control messages.
export const MSG_DONTWAIT = 0x40;
export const MSG_NOSIGNAL = 0x4000;
export const MSGHDR_OCTETS = 56;
export const MSG_IOV = 16;
export const MSG_IOVLEN = 24;
export const MSG_CONTROL = 32;
export const MSG_CONTROLLEN = 40;
export const MMSGHDR_OCTETS = 64;
export const IOVEC_OCTETS = 16;
export const IOV_LEN = 8;
export const CMSG_LEVEL = 8;
export const CMSG_TYPE = 12;
export const CMSG_DATA = 16;
export const SOL_UDP = 17;
export const UDP_SEGMENT = 103;

// Addresses: struct sockaddr_in, sockaddr_in6 and sockaddr_un.
export const SOCKADDR_IN_OCTETS = 16;
export const SOCKADDR_IN6_OCTETS = 28;
export const SIN_PORT = 2;
export const SIN_ADDR = 4;
export const SIN6_ADDR = 8;
export const SUN_PATH = 2;
export const SUN_PATH_OCTETS = 108;

// Options of IP and of TCP, struct tcp_info.
export const IPPROTO_IP = 0;
export const IP_TOS = 1;
export const IP_TTL = 2;
export const IPPROTO_IPV6 = 41;
export const IPV6_UNICAST_HOPS = 16;
export const IPV6_TCLASS = 67;
export const IPPROTO_TCP = 6;
export const IPPROTO_UDP = 17;
export const TCP_INFO = 11;
export const TCP_INFO_BYTES_ACKED = 120;
/** Octets written to a socket that are not yet acknowledged. */
export const SIOCOUTQ = 0x5411;

// sock_diag(7): struct nlmsghdr, inet_diag_req_v2, inet_diag_sockid and inet_diag_msg.
export const NETLINK_SOCK_DIAG = 4;
export const SOCK_DIAG_BY_FAMILY = 20;
export const NLM_F_REQUEST = 1;
export const NLMSG_OCTETS = 16;
export const NLMSG_TYPE = 4;
export const NLMSG_FLAGS = 6;
export const DIAG_REQUEST_OCTETS = 56;
export const DIAG_REQUEST_PROTOCOL = 1;
export const DIAG_REQUEST_ATTRIBUTES = 2;
export const DIAG_REQUEST_STATES = 4;
export const DIAG_REQUEST_ID = 8;
export const DIAG_ID_DESTINATION_PORT = 2;
export const DIAG_ID_SOURCE = 4;
export const DIAG_ID_DESTINATION = 20;
export const DIAG_ID_COOKIE = 40;
export const DIAG_ANSWER_OCTETS = 72;
export const DIAG_ANSWER_QUEUED = 56;
export const DIAG_ANSWER_INODE = 68;
export const INET_DIAG_SKMEMINFO = 7;
export const SK_MEMINFO_RCVBUF = 1;
export const SK_MEMINFO_DROPS = 8;

// Interfaces: struct ifreq has the name first and the answer behind it.
export const IFNAMSIZ = 16;
export const IFREQ_OCTETS = 40;
export const IFREQ_DATA = 16;
export const SIOCGIFFLAGS = 0x8913;
export const SIOCGIFMTU = 0x8921;
export const SIOCGIFHWADDR = 0x8927;
export const IFF_UP = 1;
export const IFF_RUNNING = 0x40;
export const ARPHRD_ETHER = 1;
export const ARPHRD_PPP = 512;
export const ARPHRD_RAWIP = 519;
export const ARPHRD_TUNNEL = 768;
export const ARPHRD_TUNNEL6 = 769;
export const ARPHRD_LOOPBACK = 772;
export const ARPHRD_SIT = 776;
export const ARPHRD_IPGRE = 778;
export const ARPHRD_IEEE80211 = 801;
export const ARPHRD_IEEE80211_PRISM = 802;
export const ARPHRD_IEEE80211_RADIOTAP = 803;
export const ARPHRD_IP6GRE = 823;
export const ARPHRD_NETLINK = 824;
export const ARPHRD_NONE = 0xfffe;

// Error numbers.
export const EPERM = 1;
export const EINTR = 4;
export const ENXIO = 6;
export const ENOMEM = 12;
export const EAGAIN = 11;
export const EACCES = 13;
export const ENODEV = 19;
export const EINVAL = 22;
export const ENOSYS = 38;
export const ENOPROTOOPT = 92;
export const EAFNOSUPPORT = 97;
export const ENETDOWN = 100;
