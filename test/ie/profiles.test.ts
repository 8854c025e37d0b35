/**
 * Profiles hold what their collectors need. Those that run here are asked themselves (test/interop/collectors.tools.test.ts);
 * for the others, the numbers of the elements they require, with the place that says so.
 */
import { describe, expect, it } from 'vitest';
import { isPlainProfile, PROFILES } from '../../src/ie/profiles.ts';
import { compileTemplate } from '../../src/ie/templates.ts';

const idsOf = (profile: string, protocol: 'ipfix' | 'netflow9', ipVersion: 4 | 6, isIcmp = false) =>
  compileTemplate([profile], { protocol, ipVersion, isIcmp }).fields.map(({ element }) => element.id);

const ADDRESSES = { 4: [8, 12], 6: [27, 28] } as const;
const COUNTERS = [1, 2];
const PORTS_AND_PROTOCOL = [7, 11, 4];
const INTERFACES = [10, 14];
const MS_TIMES = [152, 153];
const SWITCHED = [21, 22];

/** What each requires in every record besides addresses. */
const REQUIRED: readonly [
  profile: string,
  source: string,
  both: number[],
  ipfix: number[],
  netflow9: number[],
][] = [
  [
    'akvorado',
    // A flow without an interface, or without a sampling rate, is discarded; the rate may stand in the record.
    'akvorado 2.x: outlet/flow/decoder/netflow/decode.go (34, 50 in data records), outlet/core/enricher.go',
    [...COUNTERS, ...PORTS_AND_PROTOCOL, ...INTERFACES, 34, 5, 16, 17],
    MS_TIMES,
    SWITCHED,
  ],
  [
    'ntopng',
    // IN_BYTES, IN_PKTS, L4 ports, PROTOCOL, INPUT_SNMP, OUTPUT_SNMP, SRC_VLAN, FIRST_SWITCHED, LAST_SWITCHED.
    "nProbe user's guide: template @NTOPNG@; netflow2ng is built on goflow2",
    [...COUNTERS, ...PORTS_AND_PROTOCOL, ...INTERFACES, 58],
    MS_TIMES,
    SWITCHED,
  ],
  [
    'elastiflow',
    // Delta counters (TotalCount gives empty graphs); samplingInterval in the record, options data is not looked at.
    'robcowart/elastiflow issues 490 and 646 (counters), 116 and 52 (sampling)',
    [...COUNTERS, ...PORTS_AND_PROTOCOL, ...INTERFACES, 34, 5],
    MS_TIMES,
    SWITCHED,
  ],
];

describe.each(REQUIRED)('the profile %s', (profile, _source, both, ipfix, netflow9) => {
  it.each([4, 6] as const)('has what its collector requires of IPv%i', (ipVersion) => {
    for (const isIcmp of [false, true]) {
      const inIpfix = idsOf(profile, 'ipfix', ipVersion, isIcmp);
      const inNetflow9 = idsOf(profile, 'netflow9', ipVersion, isIcmp);
      expect(inIpfix).toEqual(expect.arrayContaining([...ADDRESSES[ipVersion], ...both, ...ipfix]));
      expect(inNetflow9).toEqual(expect.arrayContaining([...ADDRESSES[ipVersion], ...both, ...netflow9]));
      // No totals beside the deltas (akvorado issue 191).
      for (const ids of [inIpfix, inNetflow9]) expect(ids).not.toEqual(expect.arrayContaining([85]));
    }
  });
});

describe('every profile', () => {
  it.each(Object.keys(PROFILES))('compiles for every kind of flow: %s', (profile) => {
    for (const protocol of ['ipfix', 'netflow9'] as const) {
      for (const ipVersion of [4, 6] as const) {
        expect(idsOf(profile, protocol, ipVersion, true)).toContain(ADDRESSES[ipVersion][0]);
        const { fields } = compileTemplate([profile], { protocol, ipVersion });
        const ids = fields.map(({ element: { enterpriseNumber = 0, id } }) => `${enterpriseNumber}/${id}`);
        expect(new Set(ids).size, `${profile} ${protocol}`).toBeGreaterThanOrEqual(ids.length - 8);
      }
    }
  });

  it('has one octet of flags, except full', () => {
    for (const profile of Object.keys(PROFILES)) {
      const { fields } = compileTemplate([profile], { protocol: 'ipfix', ipVersion: 4 });
      const flags = fields.find(({ element }) => element.name === 'tcpControlBits')!;
      expect([profile, flags.octets]).toEqual([profile, profile === 'full' ? 2 : 1]);
    }
  });

  it.each(Object.keys(PROFILES))(
    'is plain just where no template of it needs an optional part: %s',
    (name) => {
      const scopes = (['netflow9', 'ipfix', 'text'] as const).flatMap((protocol) =>
        ([4, 6] as const).flatMap((ipVersion) =>
          [false, true].map((isIcmp) => ({ protocol, ipVersion, isIcmp })),
        ),
      );
      const templates = scopes.map((scope) => compileTemplate([name], scope));
      const needs = templates.some((template) => Object.values(template.needs).includes(true));
      expect(isPlainProfile([name])).toBe(!needs);
      expect(isPlainProfile([name, 'protocolIdentifier'])).toBe(false);
    },
  );
});
