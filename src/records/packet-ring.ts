/**
 * How the ring of a packet socket is laid out (linux/if_packet.h, linux/virtio_net.h): a part of
 * sys/linux-constants.ts that the engine is compiled from too. Nothing but numbers stands here.
 */

// Bits of tp_status in a packet's header and of block_status.
export const TP_STATUS_KERNEL = 0;
export const TP_STATUS_USER = 1 << 0;
export const TP_STATUS_VLAN_VALID = 1 << 4;
export const TP_STATUS_VLAN_TPID_VALID = 1 << 6;

// struct sockaddr_ll.
export const SOCKADDR_LL_OCTETS = 20;
export const SLL_FAMILY = 0;
export const SLL_PROTOCOL = 2;
export const SLL_IFINDEX = 4;
export const SLL_PKTTYPE = 10;

// struct tpacket_block_desc, its tpacket_hdr_v1 included.
export const BLOCK_DESC_OCTETS = 48;
export const BLOCK_STATUS = 8;
export const BLOCK_NUM_PKTS = 12;
export const BLOCK_OFFSET_TO_FIRST_PKT = 16;
export const BLOCK_BLK_LEN = 20;
export const BLOCK_SEQ_NUM = 24;

// struct tpacket3_hdr.
export const TPACKET3_HDR_OCTETS = 48;
export const PKT_NEXT_OFFSET = 0;
export const PKT_SEC = 4;
export const PKT_NSEC = 8;
export const PKT_SNAPLEN = 12;
export const PKT_LEN = 16;
export const PKT_STATUS = 20;
export const PKT_MAC = 24;
export const PKT_VLAN_TCI = 32;
export const PKT_VLAN_TPID = 36;

// struct virtio_net_hdr, which PACKET_VNET_HDR puts right before the frame.
export const VIRTIO_NET_HDR_OCTETS = 10;
export const VNET_FLAGS = 0;
export const VNET_GSO_TYPE = 1;
export const VNET_GSO_SIZE = 4;
export const VNET_CSUM_START = 6;
export const VIRTIO_NET_HDR_F_NEEDS_CSUM = 1;
export const VIRTIO_NET_HDR_GSO_TCPV4 = 1;
export const VIRTIO_NET_HDR_GSO_TCPV6 = 4;
export const VIRTIO_NET_HDR_GSO_UDP_L4 = 5;
export const VIRTIO_NET_HDR_GSO_ECN = 0x80;
