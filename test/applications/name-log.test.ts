/** Names that meters tell each other: each hears of all others, in its own times, once; what is overwritten is counted. */
import { describe, expect, it } from 'vitest';
import { COUNT_MISSED, COUNT_REMEMBERED, DNS_NAME_COUNTS } from '../../src/applications/dns-name-counts.ts';
import { DnsNames, FOUND_NAME_MASK } from '../../src/applications/dns-names.ts';
import { createNameLog, SharedNames } from '../../src/applications/name-log.ts';

const NS_PER_S = 1e9;
const ENTRIES = 4096;
/** What a reader keeps away from. */
const MARGIN = 2;

function address(last: number): Int32Array {
  return Int32Array.of(0, 0, 0xffff, 0x0a000000 + last);
}

/** So many meters, whose times count from a second each. */
function meters(seconds: readonly number[]) {
  const logs = seconds.map(createNameLog);
  return seconds.map((second, own) => {
    const names = new DnsNames(8192, 'client', new Float64Array(DNS_NAME_COUNTS.length));
    return { names, shared: new SharedNames({ logs, own }, names, second) };
  });
}

function nameOf({ names }: { names: DnsNames }, client: number, server: number, timeNs: number): string {
  const found = names.lookUp(address(client), address(server), timeNs);
  return found < 0 ? '' : names.pool.text(found & FOUND_NAME_MASK);
}

describe('names that meters tell each other', () => {
  it('are known to all others, in their own times, and counted by nobody else', () => {
    const [first, second, third] = meters([1_700_000_000, 1_700_000_010, 1_700_000_000]);
    first!.shared.publish(address(1), address(9), 0, 'www.a.example', 60, 20 * NS_PER_S);
    third!.shared.publish(Int32Array.of(7, ...address(2)), address(9), 0, 'other.example', 60, 0);
    for (const { shared } of [first!, second!, third!]) shared.take();
    // Twenty seconds of the first are ten of the second.
    expect(nameOf(second!, 1, 9, 10 * NS_PER_S)).toBe('www.a.example');
    expect(nameOf(second!, 1, 9, 10 * NS_PER_S - 1)).toBe('');
    expect(nameOf(second!, 1, 9, 71 * NS_PER_S)).toBe('');
    expect(nameOf(third!, 1, 9, 20 * NS_PER_S)).toBe('www.a.example');
    // It remembers what it has learned itself, which this one has not.
    expect(nameOf(first!, 1, 9, 20 * NS_PER_S)).toBe('');
    expect(second!.names.counts[COUNT_REMEMBERED]).toBe(0);
    expect(second!.names.size).toBe(2);
    second!.shared.take();
    expect(second!.names.size).toBe(2);
  });

  it('have whole names of the greatest length', () => {
    const [first, second] = meters([0, 0]);
    const name = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`;
    first!.shared.publish(address(1), Int32Array.of(5, 5, ...address(3)), 2, name, 60, 0);
    second!.shared.take();
    expect(nameOf(second!, 1, 3, 0)).toBe(name);
  });

  it('are counted where they were overwritten before they were read, and the others are read', () => {
    const [first, second] = meters([0, 0]);
    const count = ENTRIES + 100;
    for (let i = 0; i < count; i++) first!.shared.publish(address(1), address(i), 0, `n${i}.example`, 600, 0);
    second!.shared.take();
    const missed = 100 + MARGIN;
    expect(second!.names.counts[COUNT_MISSED]).toBe(missed);
    expect(second!.names.size).toBe(count - missed);
    expect(nameOf(second!, 1, count - 1, 0)).toBe(`n${count - 1}.example`);
    expect(nameOf(second!, 1, missed - 1, 0)).toBe('');
    expect(nameOf(second!, 1, missed, 0)).toBe(`n${missed}.example`);
  });

  it('go on when the count of entries begins again', () => {
    const logs = [createNameLog(), createNameLog()];
    new Int32Array(logs[0]!)[0] = 0x7fff_fffe;
    const [writer, reader] = [0, 1].map((own) => {
      const names = new DnsNames(1024, 'client', new Float64Array(DNS_NAME_COUNTS.length));
      return { names, shared: new SharedNames({ logs, own }, names, 0) };
    });
    for (const { shared } of [writer!, reader!]) shared.take();
    for (let i = 0; i < 5; i++) writer!.shared.publish(address(1), address(i), 0, `n${i}.example`, 600, 0);
    reader!.shared.take();
    for (let i = 0; i < 5; i++) expect(nameOf(reader!, 1, i, 0)).toBe(`n${i}.example`);
  });
});
