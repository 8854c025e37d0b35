/** How V8 keeps what is read for every packet and flow: in places, not in a dictionary that each read searches. */
import { setFlagsFromString } from 'node:v8';
import { expect, it } from 'vitest';
import { createEngine } from '../../../src/engine/engine.ts';
import { createHashSeeds } from '../../../src/metering/table/flow-key.ts';
import { FlowTable, tableOctets } from '../../../src/metering/table/flow-table.ts';

const CAPACITY = 16;

/** Whether an object's properties have places. */
function hasPlaces(object: object): boolean {
  setFlagsFromString('--allow-natives-syntax');
  const ask = new Function('object', 'return %HasFastProperties(object)');
  return ask(object);
}

it('keeps the properties of a flow table in places', () => {
  const engine = createEngine(2 ** 22 + tableOctets(CAPACITY));
  const options = { capacity: CAPACITY, seeds: createHashSeeds(), engine };
  const table = new FlowTable({
    ...options,
    keyExtension: false,
    encapsulation: false,
    applications: { flows: CAPACITY },
  });
  expect({ table: hasPlaces(table), applications: hasPlaces(table.applications!) }).toEqual({
    table: true,
    applications: true,
  });
  expect([table.active, table.slotsTouched]).toEqual([0, 0]);
});
