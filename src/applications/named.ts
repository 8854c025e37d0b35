/** A flow that its first octets name: nothing more is read of it, but another protocol may follow in it. */

import type { ApplicationName } from './applications.ts';
import { type ApplicationFacts, CONFIDENCE_SIGNATURE, nameApplication } from './facts.ts';
import { HAS_ALL, type Inspector, WANTS_NEXT } from './inspector.ts';

export class NamedInspection implements Inspector {
  readonly isOuter: boolean;

  constructor(facts: ApplicationFacts, name: ApplicationName, isOuter: boolean) {
    this.isOuter = isOuter;
    nameApplication(facts, name, CONFIDENCE_SIGNATURE);
  }

  release(): void {}

  take(): number {
    return this.isOuter ? WANTS_NEXT : HAS_ALL;
  }
}
