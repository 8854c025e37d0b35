/** Which transfers a diagnosis looks at: by address, network, port and size. Pure. */
import type { BlockList } from 'node:net';
import type { Network } from '../base/addresses.ts';
import { addressText } from './describe.ts';
import type { Transfer } from './transfer.ts';

export interface Selection {
  /** Either end lies in one of them; empty: any. */
  readonly networks: readonly Network[];
  /** Either end uses one of them; empty: any. */
  readonly ports: readonly number[];
  /** IP octets of both directions together, at least. */
  readonly octetsMin: number;
}

/** The networks of one version. They are apart, as `::/0` of a block list holds IPv4 too. */
function blockList(networks: readonly Network[], version: 4 | 6): BlockList {
  const list = new (process.getBuiltinModule('node:net').BlockList)();
  for (const network of networks) {
    if (network.version === version) list.addSubnet(network.address, network.prefixLength, `ipv${version}`);
  }
  return list;
}

/** The test that a selection makes on a transfer. */
export function selector({ networks, ports, octetsMin }: Selection): (transfer: Transfer) => boolean {
  const [ipv4, ipv6] = [blockList(networks, 4), blockList(networks, 6)];
  return (transfer) => {
    const { initiatorPort, responderPort, isIPv6 } = transfer;
    if (transfer.octets < octetsMin) return false;
    if (ports.length > 0 && !ports.includes(initiatorPort) && !ports.includes(responderPort)) return false;
    if (networks.length === 0) return true;
    const [list, family] = isIPv6 ? ([ipv6, 'ipv6'] as const) : ([ipv4, 'ipv4'] as const);
    return [false, true].some((isResponder) => list.check(addressText(transfer, isResponder), family));
  };
}
