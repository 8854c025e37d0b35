/** Interfaces that the configuration tells instead of the records. */
import type { InformationElement } from './element.ts';

export interface ConfiguredInterfaces {
  /** `auto`: as the record says. */
  readonly ingressInterface?: number | 'auto' | undefined;
  /** 0: as the record says. */
  readonly egressInterface: number;
}

/** A configured ifIndex instead of the record's own; undefined where there is none. */
export function configuredInterface(
  { name }: InformationElement,
  { ingressInterface = 'auto', egressInterface }: ConfiguredInterfaces,
): number | undefined {
  if (name === 'ingressInterface' && ingressInterface !== 'auto') return ingressInterface;
  return name === 'egressInterface' && egressInterface !== 0 ? egressInterface : undefined;
}
