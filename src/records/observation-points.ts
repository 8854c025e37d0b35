/**
 * An observation point (RFC 7011 §2) of a live probe: one interface, or several that are captured together.
 * Shapes only.
 */

/** Interfaces of one observation point. */
export const MEMBERS_MAX = 8;

export interface ObservationPoint {
  /** The interface's name, or that of the group. */
  readonly name: string;
  /** Names of the interfaces of a group, two or more; undefined: it is the interface called `name`. */
  readonly members?: readonly string[] | undefined;
}

/** Names of the interfaces behind an observation point. */
export function interfacesOf({ name, members }: ObservationPoint): readonly string[] {
  return members ?? [name];
}
