/** Names of protocols by their numbers (IANA, Assigned Internet Protocol Numbers), as goflow2 writes them. */

const NAMES = `
HOPOPT, ICMP, IGMP, GGP, IPv4, ST, TCP, CBT, EGP, IGP, BBN-RCC-MON, NVP-II, PUP, ARGUS, EMCON, XNET,
CHAOS, UDP, MUX, DCN-MEAS, HMP, PRM, XNS-IDP, TRUNK-1, TRUNK-2, LEAF-1, LEAF-2, RDP, IRTP, ISO-TP4,
NETBLT, MFE-NSP, MERIT-INP, DCCP, 3PC, IDPR, XTP, DDP, IDPR-CMTP, TP++, IL, IPv6, SDRP, IPv6-Route,
IPv6-Frag, IDRP, RSVP, GRE, DSR, BNA, ESP, AH, I-NLSP, SWIPE, NARP, Min-IPv4, TLSP, SKIP, IPv6-ICMP,
IPv6-NoNxt, IPv6-Opts, any-host-internal-protocol, CFTP, any-local-network, SAT-EXPAK, KRYPTOLAN, RVD,
IPPC, any-distributed-file-system, SAT-MON, VISA, IPCV, CPNX, CPHB, WSN, PVP, BR-SAT-MON, SUN-ND, WB-MON,
WB-EXPAK, ISO-IP, VMTP, SECURE-VMTP, VINES, IPTM, NSFNET-IGP, DGP, TCF, EIGRP, OSPFIGP, Sprite-RPC, LARP,
MTP, AX.25, IPIP, MICP, SCC-SP, ETHERIP, ENCAP, any-private-encryption-scheme, GMTP, IFMP, PNNI, PIM,
ARIS, SCPS, QNX, A/N, IPComp, SNP, Compaq-Peer, IPX-in-IP, VRRP, PGM, any-0-hop-protocol, L2TP, DDX, IATP,
STP, SRP, UTI, SMP, SM, PTP, ISIS over IPv4, FIRE, CRTP, CRUDP, SSCOPMCE, IPLT, SPS, PIPE, SCTP, FC,
RSVP-E2E-IGNORE, Mobility Header, UDPLite, MPLS-in-IP, manet, HIP, Shim6, WESP, ROHC, Ethernet, AGGFRAG,
NSH
`;

/** By number; undefined where none is assigned. */
export const PROTOCOL_NAMES: readonly (string | undefined)[] = NAMES.trim().split(/,\s+/);

/** What people call two of them. */
const USUAL_NAMES: ReadonlyMap<string, string> = new Map([
  ['IPv6-ICMP', 'ICMPv6'],
  ['OSPFIGP', 'OSPF'],
]);

/** Name of a protocol for people, or its number: `any-…` names a class of protocols, and nothing that is spoken. */
export function formatProtocol(protocol: number): string {
  const name = PROTOCOL_NAMES[protocol];
  if (name === undefined || name.startsWith('any-')) return String(protocol);
  return USUAL_NAMES.get(name) ?? name;
}
