import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/base/errors.ts';
import { compileTemplate, type TemplateOptions } from '../../src/ie/templates.ts';

const ipfix4: TemplateOptions = { protocol: 'ipfix', ipVersion: 4 };
const layout = (names: readonly string[], options: TemplateOptions) =>
  compileTemplate(names, options).fields.map((field) => [field.element.name, field.offset, field.octets]);

function faultsOf(names: readonly string[], options: TemplateOptions): string {
  try {
    compileTemplate(names, options);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message;
  }
  return '';
}

describe('compileTemplate', () => {
  it('lays fields out one behind the other', () => {
    expect(layout(['sourceIPv4Address', 'octetDeltaCount:4', 'protocolIdentifier'], ipfix4)).toEqual([
      ['sourceIPv4Address', 0, 4],
      ['octetDeltaCount', 4, 4],
      ['protocolIdentifier', 8, 1],
    ]);
  });

  it('drops elements of the other IP version', () => {
    const names = ['sourceIPv4Address', 'sourceIPv6Address', 'packetDeltaCount'];
    expect(layout(names, ipfix4).map(([name]) => name)).toEqual(['sourceIPv4Address', 'packetDeltaCount']);
    expect(layout(names, { protocol: 'ipfix', ipVersion: 6 }).map(([name]) => name)).toEqual([
      'sourceIPv6Address',
      'packetDeltaCount',
    ]);
  });

  it('uses the sizes of NetFlow v9 there', () => {
    expect(layout(['tcpControlBits', 'flowLabelIPv6'], { protocol: 'netflow9', ipVersion: 6 })).toEqual([
      ['tcpControlBits', 0, 1],
      ['flowLabelIPv6', 1, 3],
    ]);
  });

  it('appends reverse elements of those that are reversible', () => {
    const template = compileTemplate(['sourceIPv4Address', 'packetDeltaCount'], {
      ...ipfix4,
      withReverse: true,
    });
    expect(template.fields.map((field) => [field.element.id, field.enterpriseNumber])).toEqual([
      [8, undefined],
      [2, undefined],
      [2, 29305],
    ]);
  });

  it('names all faults at once, with the nearest known name', () => {
    const faults = faultsOf(['octetDeltaCuont', 'sourceIPv4Address:2', 'flowStartMilliseconds:4'], ipfix4);
    expect(faults).toContain('did you mean octetDeltaCount?');
    expect(faults).toContain('sourceIPv4Address:2');
    expect(faults).toContain('flowStartMilliseconds:4');
  });

  it.each([
    [['octetDeltaCount:0'], ipfix4],
    [['octetDeltaCount:9'], ipfix4],
    [['octetDeltaCount', 'octetDeltaCount'], ipfix4],
    [['paddingOctets'], ipfix4],
    [['paddingOctets:2'], ipfix4],
    [['sourceIPv6Address'], ipfix4],
    [[], ipfix4],
    [['constructor'], ipfix4],
    [['tunnelKind'], { protocol: 'netflow9', ipVersion: 4 } as const],
  ])('refuses %j', (names, options) => {
    expect(faultsOf(names, options)).not.toBe('');
  });

  it('says when the encapsulation of packets is needed', () => {
    expect(compileTemplate(['packetDeltaCount'], ipfix4).needs.encapsulation).toBe(false);
    expect(compileTemplate(['tunnelKind'], ipfix4).needs.encapsulation).toBe(true);
    expect(compileTemplate(['outerSourceIPv6Address'], ipfix4).needs.encapsulation).toBe(true);
  });
});
