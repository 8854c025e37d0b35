/**
 * The ifIndex that each direction of a flow entered and left by, and its direction at the observation point, for
 * collectors that drop flows without them. What says it, the more exact first:
 *
 *     ingress   source MAC in the MAC map · VLAN in the VLAN map · the configured number, or that of the interface
 *     egress    destination MAC in the MAC map · the configured number, or (live) that of the interface
 *
 * Written into the records (flow-layout.ts), so that every output says the same; before addresses are anonymized.
 */
import * as layout from '../records/flow-layout.ts';

const POINTS = 65_536;
const VLANS = 4096;
/** Bit of the last link word: the frame had MAC addresses. */
const HAS_MACS = 1 << 8;
const LINK_DETAILS = layout.LINK_WORD + 3;

export interface InterfaceNumbersConfig {
  readonly ingressInterface: number | 'auto';
  /** 0: not configured. */
  readonly egressInterface: number;
  /** `VLAN=IFINDEX`. */
  readonly vlanInterfaces: readonly string[];
  /** `MAC=IFINDEX`. */
  readonly macInterfaces: readonly string[];
  /** MAC addresses on this side of the observation point: what they send goes out. */
  readonly localMacs: readonly string[];
}

/** `02:00:00:00:00:01` or with dashes as a number of 48 bits. */
function macNumber(text: string): number {
  return Number.parseInt(text.replaceAll(/[:-]/g, ''), 16);
}

function pairOf(text: string): [string, number] {
  const at = text.lastIndexOf('=');
  return [text.slice(0, at), Number(text.slice(at + 1))];
}

export class InterfaceNumbers {
  readonly #ingress: number | undefined;
  readonly #egress: number | undefined;
  readonly #byPoint = new Uint32Array(POINTS);
  readonly #byVlan = new Uint32Array(VLANS);
  readonly #byMac: ReadonlyMap<number, number>;
  readonly #local: ReadonlySet<number>;

  /** @param isLive whether egressInterface is the interface's own number where nothing else says it, instead of 0 */
  constructor(config: InterfaceNumbersConfig, isLive: boolean) {
    const { ingressInterface, egressInterface } = config;
    this.#ingress = ingressInterface === 'auto' ? undefined : ingressInterface;
    this.#egress = egressInterface === 0 && isLive ? undefined : egressInterface;
    for (let point = 0; point < POINTS; point++) this.#byPoint[point] = point;
    for (const [vlan, ifIndex] of config.vlanInterfaces.map(pairOf)) this.#byVlan[Number(vlan)] = ifIndex;
    this.#byMac = new Map(
      config.macInterfaces.map(pairOf).map(([mac, ifIndex]) => [macNumber(mac), ifIndex]),
    );
    this.#local = new Set(config.localMacs.map(macNumber));
  }

  /** @param ifIndex of observation point `index` + 1; it may change when an interface comes back */
  setInterface(index: number, ifIndex: number): void {
    // NaN where a source does not know: the number within the run stays.
    if (ifIndex > 0) this.#byPoint[index + 1] = ifIndex;
  }

  /** Whether records hold everything already, as those of a capture file without maps do. */
  static isNeedless(config: InterfaceNumbersConfig): boolean {
    const { vlanInterfaces, macInterfaces, localMacs } = config;
    return vlanInterfaces.length + macInterfaces.length + localMacs.length === 0;
  }

  /** Writes the numbers of each record, in place. */
  apply(batch: layout.FlowRecordBatch): void {
    const { words, stride, count } = batch;
    const hasMacs = this.#byMac.size > 0 || this.#local.size > 0;
    for (let i = 0; i < count; i++) {
      const row = i * stride;
      const own = this.#byPoint[words[row + layout.FLOW_OBSERVATION_POINT]! & 0xffff]!;
      const byVlan = this.#byVlan[(words[row + layout.FLOW_PROTOCOL]! >>> 16) & 0xfff]!;
      const ingress = byVlan === 0 ? (this.#ingress ?? own) : byVlan;
      const egress = this.#egress ?? own;
      words[row + layout.INGRESS_FORWARD] = ingress;
      words[row + layout.EGRESS_FORWARD] = egress;
      words[row + layout.INGRESS_REVERSE] = ingress;
      words[row + layout.EGRESS_REVERSE] = egress;
      if (hasMacs && (words[row + LINK_DETAILS]! & HAS_MACS) !== 0) this.#applyMacs(words, row);
    }
  }

  #applyMacs(words: Int32Array, row: number): void {
    const high = words[row + layout.LINK_WORD]! >>> 0;
    const middle = words[row + layout.LINK_WORD + 1]!;
    const source = high * 65_536 + (middle >>> 16);
    const destination = (middle & 0xffff) * 2 ** 32 + (words[row + layout.LINK_WORD + 2]! >>> 0);
    const ofSource = this.#byMac.get(source);
    const ofDestination = this.#byMac.get(destination);
    if (ofSource !== undefined) {
      words[row + layout.INGRESS_FORWARD] = ofSource;
      words[row + layout.EGRESS_REVERSE] = ofSource;
    }
    if (ofDestination !== undefined) {
      words[row + layout.EGRESS_FORWARD] = ofDestination;
      words[row + layout.INGRESS_REVERSE] = ofDestination;
    }
    let details = words[row + LINK_DETAILS]!;
    if (this.#local.has(source)) details |= layout.OUTWARD_FORWARD;
    if (this.#local.has(destination)) details |= layout.OUTWARD_REVERSE;
    words[row + LINK_DETAILS] = details;
  }
}
