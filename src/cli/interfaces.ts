/**
 * `flowtap interfaces`: the network interfaces of this machine, with the ifIndex that collectors know them by. Linux
 * tells of all of them in /sys/class/net; elsewhere only those with an address are known, without number and state.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { formatListing } from './listing.ts';

export interface InterfaceRow {
  /** ifIndex, or null where the system does not tell. */
  readonly index: number | null;
  readonly name: string;
  readonly mac: string | null;
  readonly mtuOctets: number | null;
  /** operstate of RFC 2863: up, down, unknown, … */
  readonly state: string | null;
  /** Megabits a second; null where there is no link or no such notion. */
  readonly speedMbps: number | null;
  /** Addresses with their prefix lengths. */
  readonly addresses: readonly string[];
}

const SYSTEM_PATH = '/sys/class/net';

/** One attribute of an interface, or undefined: reading some of them fails while a link is down. */
function readAttribute(root: string, name: string, attribute: string): string | undefined {
  try {
    return readFileSync(`${root}/${name}/${attribute}`, 'utf8').trim();
  } catch {
    return undefined;
  }
}

function readNumber(root: string, name: string, attribute: string): number | null {
  const value = Number(readAttribute(root, name, attribute) ?? Number.NaN);
  return Number.isInteger(value) && value >= 0 ? value : null;
}

function systemNames(root: string): string[] {
  try {
    return readdirSync(root);
  } catch {
    return [];
  }
}

/** @param root where Linux lists its interfaces */
export function listInterfaces(root: string = SYSTEM_PATH): InterfaceRow[] {
  const addressesOf = networkInterfaces();
  const names = [...new Set([...systemNames(root), ...Object.keys(addressesOf)])];
  const list = names.map((name): InterfaceRow => {
    const addresses = addressesOf[name] ?? [];
    return {
      index: readNumber(root, name, 'ifindex'),
      name,
      mac: readAttribute(root, name, 'address') || (addresses[0]?.mac ?? null),
      mtuOctets: readNumber(root, name, 'mtu'),
      state: readAttribute(root, name, 'operstate') ?? null,
      speedMbps: readNumber(root, name, 'speed'),
      addresses: addresses.map(({ address, cidr }) => cidr ?? address),
    };
  });
  // In /sys/class/net there may also be files (bonding_masters): they have no ifIndex and no address.
  return list
    .filter((row) => row.index !== null || row.addresses.length > 0)
    .sort((a, b) => (a.index ?? Number.POSITIVE_INFINITY) - (b.index ?? Number.POSITIVE_INFINITY));
}

function formatSpeed(speedMbps: number | null): string {
  if (speedMbps === null || speedMbps === 0) return '-';
  return speedMbps >= 1000 ? `${speedMbps / 1000} Gbit/s` : `${speedMbps} Mbit/s`;
}

/** Prints the interfaces; resolves to the exit code. */
export async function interfaces(form: 'table' | 'json'): Promise<number> {
  const rows = listInterfaces();
  if (form === 'json') {
    process.stdout.write(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    return 0;
  }
  const head = ['Index', 'Name', 'State', 'Speed', 'MTU', 'MAC', 'Addresses'];
  const body = rows.map((row) => [
    row.index ?? '-',
    row.name,
    row.state ?? '-',
    formatSpeed(row.speedMbps),
    row.mtuOctets ?? '-',
    row.mac ?? '-',
    row.addresses.join(' '),
  ]);
  process.stdout.write(formatListing(head, body));
  return 0;
}
