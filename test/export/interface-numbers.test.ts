/** By which interfaces flows are said to have come and gone, and which way, in messages that tshark would read. */
import { describe, expect, it } from 'vitest';
import { InterfaceNumbers, type InterfaceNumbersConfig } from '../../src/export/interface-numbers.ts';
import { FlowText } from '../../src/ie/flow-text.ts';
import { ipv4, recordBatch, type TestFlow } from './records.ts';

const COUNTS = { packets: 1, octets: 40, firstNs: 0, lastNs: 0 };
const FLOW: TestFlow = {
  source: ipv4('10.0.0.1'),
  destination: ipv4('10.0.0.2'),
  ipVersion: 4,
  protocol: 6,
  ports: [1, 2],
  vlan: 10,
  observationPoint: 2,
  macs: [
    [2, 0, 0, 0, 0, 1],
    [2, 0, 0, 0, 0, 2],
  ],
  forward: COUNTS,
  reverse: COUNTS,
};
const CONFIG: InterfaceNumbersConfig = {
  ingressInterface: 'auto',
  egressInterface: 0,
  vlanInterfaces: [],
  macInterfaces: [],
  localMacs: [],
};

/** [ingressInterface, egressInterface, flowDirection] of the forward record and of the reverse one. */
function numbersOf(config: Partial<InterfaceNumbersConfig>, isLive: boolean, flow: TestFlow = FLOW) {
  const numbers = new InterfaceNumbers({ ...CONFIG, ...config }, isLive);
  numbers.setInterface(1, 70_007);
  const batch = recordBatch([flow]);
  numbers.apply(batch);
  const text = new FlowText({
    form: 'json',
    template: {
      ipv4: ['ingressInterface', 'egressInterface', 'flowDirection'],
      ipv6: ['ingressInterface'],
    },
    biflow: false,
    values: { observationDomainId: 1, ingressInterface: 'auto', egressInterface: 0 },
  });
  return text
    .batch(batch)
    .toString('latin1')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, number>)
    .map(({ ingressInterface, egressInterface = 0, flowDirection }) => [
      ingressInterface,
      egressInterface,
      flowDirection,
    ]);
}

describe('interfaces of a flow', () => {
  it('are the interface’s own number in a live capture, never 0', () => {
    expect(numbersOf({}, true)).toEqual([
      [70_007, 70_007, 0],
      [70_007, 70_007, 0],
    ]);
    expect(numbersOf({}, false)).toEqual([
      [70_007, 0, 0],
      [70_007, 0, 0],
    ]);
  });

  it('come from the VLAN', () => {
    expect(numbersOf({ vlanInterfaces: ['9=5', '10=1001'] }, true)).toEqual([
      [1001, 70_007, 0],
      [1001, 70_007, 0],
    ]);
  });

  it('come from the MAC addresses, in either direction, and win over the VLAN', () => {
    const macInterfaces = ['02:00:00:00:00:01=11', '02:00:00:00:00:02=4294967295'];
    expect(numbersOf({ macInterfaces, vlanInterfaces: ['10=1001'] }, true)).toEqual([
      [11, 4294967295, 0],
      [4294967295, 11, 0],
    ]);
    expect(numbersOf({ macInterfaces: macInterfaces.slice(0, 1), vlanInterfaces: ['10=7'] }, true)).toEqual([
      [11, 70_007, 0],
      [7, 11, 0],
    ]);
    const withoutMacs: TestFlow = { ...FLOW, macs: undefined as never };
    expect(numbersOf({ macInterfaces }, true, withoutMacs)[0]).toEqual([70_007, 70_007, 0]);
  });

  it('and flowDirection is egress for what this side sends', () => {
    expect(numbersOf({ localMacs: ['02:00:00:00:00:02'] }, true).map(([, , direction]) => direction)).toEqual(
      [0, 1],
    );
  });

  it('stay with the number in the run where a source does not know its interface', () => {
    const numbers = new InterfaceNumbers(CONFIG, true);
    numbers.setInterface(1, Number.NaN);
    const batch = recordBatch([FLOW]);
    numbers.apply(batch);
    const text = new FlowText({
      form: 'json',
      template: { ipv4: ['ingressInterface'], ipv6: ['ingressInterface'] },
      biflow: false,
      values: { observationDomainId: 1, ingressInterface: 'auto', egressInterface: 0 },
    });
    expect(text.batch(batch).toString('latin1').split('\n')[0]).toBe('{"ingressInterface":2}');
  });
});
