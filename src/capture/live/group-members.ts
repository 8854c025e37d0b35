/**
 * The interfaces that one ring captures as a group, such as the two ports of a TAP: which of them are there, under which
 * number, and in which state. The kernel puts the packets of all of them into the ring in the order of their arrival, so
 * that both directions of a flow meet. Opening the ring is ring-capture.ts's.
 */
import { CaptureError } from '../../base/errors.ts';
import {
  hardwareType,
  type InterfaceState,
  interfaceIndex,
  interfaceState,
} from '../../sys/network-interface.ts';
import { noSuchInterface } from '../../sys/packet-socket.ts';
import { LINKTYPE_ETHERNET, linkTypeOfHardware } from '../link-types.ts';
import type { MemberCounts } from '../ring-block.ts';

/** A change of a member. */
export interface MemberNews {
  readonly member: string;
  readonly state: InterfaceState;
  readonly before: InterfaceState;
  /** It came under a new number, for the first time or again. */
  readonly hasCome: boolean;
  readonly hadCome: boolean;
}

export class GroupMembers implements MemberCounts {
  readonly names: readonly string[];
  readonly ifIndexes: Int32Array;
  readonly packets: Float64Array;
  readonly octets: Float64Array;
  /** Of each member, now. */
  readonly states: InterfaceState[];
  /** Times that each member was captured again after it had been gone. */
  readonly reopened: Float64Array;
  /** LINKTYPE_ number of all of them: that of the first that was there, else Ethernet. */
  readonly linkType: number;
  #linkType: number | undefined;

  /**
   * @param waits members that are not there are waited for
   * @throws NoInterfaceError for the first member that is not there, CaptureError for one of another kind of link
   */
  constructor(names: readonly string[], waits: boolean) {
    this.names = names;
    this.ifIndexes = new Int32Array(2 * names.length);
    this.packets = new Float64Array(names.length);
    this.octets = new Float64Array(names.length);
    this.reopened = new Float64Array(names.length);
    this.states = names.map(() => 'gone');
    this.look();
    this.linkType = this.#linkType ?? LINKTYPE_ETHERNET;
    this.#linkType = this.linkType;
    for (const [i, name] of names.entries()) {
      if (this.states[i] !== 'gone') continue;
      if (interfaceIndex(name) !== 0) throw otherKind(name, names);
      if (!waits) throw noSuchInterface(name);
    }
  }

  /** Numbers of the members that are there. */
  get present(): number[] {
    return this.names.flatMap((_, i) => (this.states[i] === 'gone' ? [] : [this.ifIndexes[i]!]));
  }

  get firstPresent(): string | undefined {
    return this.names.find((_, i) => this.states[i] !== 'gone');
  }

  /** Number of the first member that is there; NaN: none is. */
  get ifIndex(): number {
    return this.present[0] ?? Number.NaN;
  }

  /** Looks at every member. @returns what has changed; with `hasCome` the ring has to be told */
  look(): MemberNews[] {
    return this.names.flatMap((member, i) => this.#lookAt(member, i) ?? []);
  }

  #lookAt(member: string, i: number): MemberNews | undefined {
    const before = this.states[i]!;
    const known = this.ifIndexes[i]!;
    const ifIndex = interfaceIndex(member);
    const linkType = ifIndex === 0 ? undefined : linkTypeOfHardware(hardwareType(member));
    this.#linkType ??= linkType;
    // One ring has frames of one kind: an interface of another kind is none of this group.
    const isFit = linkType !== undefined && linkType === this.#linkType;
    const state = isFit ? interfaceState(member, ifIndex) : 'gone';
    const hasCome = state !== 'gone' && (before === 'gone' || ifIndex !== known);
    if (hasCome) {
      if (known !== 0) this.reopened[i]!++;
      if (known !== ifIndex) this.ifIndexes[this.names.length + i] = known;
      this.ifIndexes[i] = ifIndex;
    }
    this.states[i] = state;
    if (state === before && !hasCome) return undefined;
    return { member, state, before, hasCome, hadCome: known !== 0 };
  }
}

function otherKind(name: string, names: readonly string[]): CaptureError {
  return new CaptureError(name, `an interface of another kind than the others of ${names.join(', ')}`, {
    remedy:
      'the interfaces of a group are of one kind of link, as Ethernet is: name it by itself in live.interfaces',
    exitCode: 2,
  });
}
