/**
 * Names of EtherTypes that carry no IP and have no reason of their own (reasons.ts): the well-known ones of IEEE's list
 * (https://standards-oui.ieee.org/ethertype/eth.txt). Nothing here looks at a packet.
 */

const NAMES: ReadonlyMap<number, string> = new Map([
  [0x0805, 'X.25'],
  [0x0842, 'Wake-on-LAN'],
  [0x22e5, 'Gigamon'],
  [0x22ea, 'Stream Reservation'],
  [0x22f0, 'AVTP'],
  [0x22f4, 'TRILL IS-IS'],
  [0x4305, 'batman-adv'],
  [0x6002, 'DEC MOP'],
  [0x6003, 'DECnet'],
  [0x6004, 'DEC LAT'],
  [0x6559, 'raw frame relay'],
  [0x809b, 'AppleTalk'],
  [0x80f3, 'AppleTalk ARP'],
  [0x8102, 'SLPP'],
  [0x8204, 'QNX'],
  [0x8819, 'CobraNet'],
  [0x886d, 'Intel ANS'],
  [0x887b, 'HomePlug 1.0'],
  [0x8892, 'PROFINET'],
  [0x8899, 'Realtek'],
  [0x88a2, 'ATA over Ethernet'],
  [0x88a4, 'EtherCAT'],
  [0x88ab, 'POWERLINK'],
  [0x88b5, 'local experimental 1'],
  [0x88b6, 'local experimental 2'],
  [0x88b7, 'OUI extended'],
  [0x88b8, 'GOOSE'],
  [0x88b9, 'GSE'],
  [0x88ba, 'sampled values'],
  [0x88c7, '802.11i pre-authentication'],
  [0x88ca, 'TIPC'],
  [0x88cd, 'SERCOS III'],
  [0x88dc, 'WSMP'],
  [0x88e1, 'HomePlug AV'],
  [0x88e3, 'MRP'],
  [0x88ee, 'E-LMI'],
  [0x88f5, 'MVRP'],
  [0x88f6, 'MMRP'],
  [0x88fb, 'PRP'],
  [0x8902, 'CFM'],
  [0x8906, 'FCoE'],
  [0x8914, 'FCoE initialization'],
  [0x8915, 'RoCE'],
  [0x891d, 'TTEthernet'],
  [0x893a, 'IEEE 1905.1'],
  [0x8940, 'ECP'],
  [0x8947, 'GeoNetworking'],
  [0x894f, 'NSH'],
  [0x9000, 'loopback test'],
  [0xd28b, 'Arista'],
]);

/** `0x8902 (CFM)`; the number alone where it has no name. */
export function nameOfEtherType(etherType: number): string {
  const number = `0x${etherType.toString(16).padStart(4, '0')}`;
  const name = NAMES.get(etherType);
  return name === undefined ? number : `${number} (${name})`;
}
