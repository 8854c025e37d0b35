/**
 * The tunnels that can be looked into, their numbers in the encapsulation record, and the UDP ports they use.
 * Names and numbers only; tunnel.ts and udp-tunnel.ts decode them.
 */

export const TUNNEL_GRE = 1;
export const TUNNEL_ERSPAN = 2;
export const TUNNEL_IPIP = 3;
export const TUNNEL_6IN4 = 4;
export const TUNNEL_VXLAN = 5;
export const TUNNEL_GENEVE = 6;
export const TUNNEL_GTPU = 7;
export const TUNNEL_L2TP = 8;
export const TUNNEL_TEREDO = 9;

/**
 * Tunnel kind (second octet of the encapsulation record's OUTER_KIND) by its name in the configuration.
 * `ipip` is IPv4 in either version and IPv6 in IPv6; `6in4` is IPv6 in IPv4; `l2tp` is version 2 over UDP.
 */
export const TUNNEL_KINDS = {
  gre: TUNNEL_GRE,
  erspan: TUNNEL_ERSPAN,
  ipip: TUNNEL_IPIP,
  '6in4': TUNNEL_6IN4,
  vxlan: TUNNEL_VXLAN,
  geneve: TUNNEL_GENEVE,
  gtpu: TUNNEL_GTPU,
  l2tp: TUNNEL_L2TP,
  teredo: TUNNEL_TEREDO,
} as const;

export type TunnelName = keyof typeof TUNNEL_KINDS;

export type UdpTunnelName = 'vxlan' | 'geneve' | 'gtpu' | 'l2tp' | 'teredo';

/** Tunnels over UDP, with the ports that IANA assigned, and those that are in wide use beside them. */
export const UDP_TUNNEL_PORTS: Readonly<Record<UdpTunnelName, readonly number[]>> = {
  // 8472 is what Linux took before there was a number, and still takes: flannel and Cilium with it.
  vxlan: [4789, 8472],
  geneve: [6081],
  gtpu: [2152],
  l2tp: [1701],
  teredo: [3544],
};
