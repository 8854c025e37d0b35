/** What `check-config --print` prints gives the same configuration again, whatever strings are in it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { buildConfig, type FlowtapConfig, fieldPath, type OptionValues } from '../../src/config/config.ts';
import { EXPORTER_PROTOCOLS, EXPORTER_SCHEMES } from '../../src/config/exporter-schemes.ts';
import { parseExporter } from '../../src/config/exporters.ts';
import { parseConfigFile } from '../../src/config/load.ts';
import { renderYaml } from '../../src/config/render.ts';
import { CONFIG_OPTIONS } from '../../src/config/schema.ts';

/** Strings that mean something else in YAML when they stand there bare, and all others. */
const STRING = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    ...[
      'key #1: a.hex',
      '# none',
      '- a',
      'a: b',
      '[a, b]',
      '{a: 1}',
      '*a',
      '&a',
      '!x',
      '%x',
      '@x',
      '`x`',
      '? a',
    ],
    ...[
      'null',
      '~',
      'true',
      'no',
      '0x10',
      '1e3',
      '.inf',
      '012',
      '1.0',
      '',
      ' a',
      'a ',
      "it's",
      '"a"',
      '---',
      '...',
    ],
    ...[
      'a,b',
      '\\',
      '\t',
      'a\u0000b',
      '\u2028',
      '\ufeff',
      'ü',
      '🙂',
      'a\\nb',
      '<<',
      '=',
      '|',
      '>',
      'a'.repeat(300),
    ],
  ),
);

function readBack(config: FlowtapConfig, withComments: boolean): FlowtapConfig {
  const { values, exporters } = parseConfigFile('again.yaml', renderYaml(config, withComments));
  return buildConfig(values, exporters);
}

/** A raw value for any type of option. */
const RAW = fc.oneof(STRING, fc.array(STRING, { maxLength: 4 }), fc.double(), fc.nat(), fc.boolean());

describe('a configuration that is printed', () => {
  it('reads back where every option that takes it has any string, list, number', () => {
    const seen = new Set<string>();
    const keyFile = CONFIG_OPTIONS.findIndex(({ path }) => path === 'anonymization.keyFile');
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(CONFIG_OPTIONS.length - 1), RAW)),
        fc.boolean(),
        (chosen, comments) => {
          const values: OptionValues = new Map();
          for (const [index, raw] of chosen) {
            const option = CONFIG_OPTIONS[index]!;
            const value = option.type.parse(raw);
            if (value === undefined) continue;
            seen.add(option.path);
            values.set(option.path, value);
          }
          const config = buildConfig(values, []);
          expect(readBack(config, comments)).toEqual(config);
        },
      ),
      // Among many options, chance leaves one out now and then.
      { numRuns: 150, examples: [[[[keyFile, 'key #1: a.hex']], true]] },
    );
    expect(seen.size).toBeGreaterThan(10);
  });

  it.each(['anonymization.keyFile', 'template.ipv4', 'live.interfaces', 'export.spoolDirectory'])(
    'reads back whatever %s is',
    (path) => {
      const option = CONFIG_OPTIONS.find((row) => row.path === path)!;
      fc.assert(
        fc.property(fc.oneof(STRING, fc.array(STRING, { minLength: 1, maxLength: 4 })), (raw) => {
          const value = option.type.parse(raw);
          fc.pre(value !== undefined);
          const config = buildConfig(new Map([[path, value!]]), []);
          expect(readBack(config, false)).toEqual(config);
        }),
        { numRuns: 150 },
      );
    },
  );

  it('reads back with exporters of any path, topic, host and options', () => {
    const protocols = EXPORTER_PROTOCOLS.map((protocol) => {
      const { form, options } = EXPORTER_SCHEMES[protocol];
      const place =
        form === 'path'
          ? { path: STRING }
          : form === 'topic'
            ? { host: fc.constantFrom('h', '2001:db8::1'), topic: STRING }
            : { host: fc.constantFrom('h', '192.0.2.1', '2001:db8::1', 'fe80::1%eth0') };
      const rows = Object.fromEntries(
        options.map((option) => [option.path, fc.option(RAW, { nil: undefined })]),
      );
      const all: Record<string, fc.Arbitrary<unknown>> = {
        protocol: fc.constant(protocol),
        ...place,
        ...rows,
      };
      return fc.record(all);
    });
    let kept = 0;
    fc.assert(
      fc.property(fc.oneof(...protocols), (raw) => {
        const right: Record<string, unknown> = {};
        const rows = EXPORTER_SCHEMES[raw.protocol as (typeof EXPORTER_PROTOCOLS)[number]].options;
        for (const [name, value] of Object.entries(raw)) {
          const option = rows.find((row) => row.path === name);
          if (option === undefined || option.type.parse(value) !== undefined) right[name] = value;
        }
        const exporter = parseExporter(right, 'exporters[0]', []);
        fc.pre(exporter !== undefined);
        kept++;
        const config = buildConfig(new Map(), [exporter!]);
        expect(readBack(config, false)).toEqual(config);
      }),
      { numRuns: 150 },
    );
    expect(kept).toBeGreaterThan(100);
  });

  it('has its strings as another reader of YAML takes them', () => {
    const config = buildConfig(new Map([['anonymization.keyFile', 'key #1: a.hex']]), []);
    expect(parse(renderYaml(config, false)).anonymization.keyFile).toBe('key #1: a.hex');
    expect(fieldPath(CONFIG_OPTIONS.find(({ path }) => path === 'anonymization.keyFile')!)).toBe(
      'anonymization.keyFile',
    );
  });
});
