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

interface TunnelKind {
  /** Second octet of the encapsulation record's OUTER_KIND. */
  readonly number: number;
  /**
   * Whether the tunnel id names a network, and is the same in both directions: the VNI of VXLAN (RFC 7348 §5) and GENEVE
   * (RFC 8926 §3.4), the key of GRE (RFC 2890 §2.1). Each receiver chooses its TEID of GTP-U (3GPP TS 29.281 §5.1) and
   * its ids of L2TP (RFC 2661 §3.1); an ERSPAN session is that of who mirrors.
   */
  readonly isIdShared: boolean;
}

/**
 * Tunnels by their names in the configuration.
 * `ipip` is IPv4 in either version and IPv6 in IPv6; `6in4` is IPv6 in IPv4; `l2tp` is version 2 over UDP.
 */
export const TUNNEL_KINDS = {
  gre: { number: TUNNEL_GRE, isIdShared: true },
  erspan: { number: TUNNEL_ERSPAN, isIdShared: false },
  ipip: { number: TUNNEL_IPIP, isIdShared: false },
  '6in4': { number: TUNNEL_6IN4, isIdShared: false },
  vxlan: { number: TUNNEL_VXLAN, isIdShared: true },
  geneve: { number: TUNNEL_GENEVE, isIdShared: true },
  gtpu: { number: TUNNEL_GTPU, isIdShared: false },
  l2tp: { number: TUNNEL_L2TP, isIdShared: false },
  teredo: { number: TUNNEL_TEREDO, isIdShared: false },
} as const satisfies Record<string, TunnelKind>;

export type TunnelName = keyof typeof TUNNEL_KINDS;

/** Bit n: the id of tunnels of kind n is the same in both directions. */
const SHARED_IDS = Object.values(TUNNEL_KINDS)
  .filter(({ isIdShared }) => isIdShared)
  .reduce((bits, { number }) => bits | (1 << number), 0);

/**
 * Whether an id belongs to both directions of what is in a tunnel.
 * @param outerKind OUTER_KIND of an encapsulation record
 * @param id its TUNNEL_ID; 0 is GRE without a key, of which one direction may be in a tunnel alone
 */
export function isSharedTunnel(outerKind: number, id: number): boolean {
  return id !== 0 && ((SHARED_IDS >>> ((outerKind >>> 8) & 0xff)) & 1) === 1;
}

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
