/** What meters have counted, as a state that many read and few read all of. */
import { expect, it, vi } from 'vitest';
import { OTHER_ETHER_TYPE, REASONS } from '../../src/decode/reasons.ts';
import { runCounters } from '../../src/probe/counters.ts';
import { meterState } from '../../src/probe/meter-state.ts';

it('looks for the EtherTypes behind a reason only where somebody reads them', () => {
  const { decode, metering } = runCounters();
  decode.packetsByReason[OTHER_ETHER_TYPE] = 3;
  const numbers = [{ number: 0x0806, name: '0x0806 (ARP)', packets: 3 }];
  const numbersOf = vi.fn((reason: number) => (reason === OTHER_ETHER_TYPE ? numbers : []));
  const state = meterState({
    decoders: [decode],
    metering: (index) => metering[index]!,
    numbersOf,
    capacity: 1024,
  });
  const place = REASONS.findIndex(({ code }) => code === OTHER_ETHER_TYPE);
  expect(state.outcomes[place]!.packets).toBe(3);
  expect(numbersOf).not.toHaveBeenCalled();
  expect(state.outcomes[place]!.numbers).toEqual(numbers);
  expect(numbersOf).toHaveBeenCalledExactlyOnceWith(OTHER_ETHER_TYPE);
});
