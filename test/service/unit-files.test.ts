/** The units of systemd, as text: tight, and alike. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const FOLDER = join(import.meta.dirname, '../../systemd');
const UNITS = ['flowtap.service', 'flowtap@.service'] as const;
const read = (name: string) => readFileSync(join(FOLDER, name), 'utf8');

/** Values of a setting, in order. */
function settings(text: string, name: string): string[] {
  return [...text.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value]) => value!);
}

describe('the units', () => {
  it('grant the one capability', () => {
    for (const name of UNITS) {
      expect(settings(read(name), 'AmbientCapabilities')).toEqual(['CAP_NET_RAW']);
      expect(settings(read(name), 'CapabilityBoundingSet')).toEqual(['CAP_NET_RAW']);
    }
  });

  it('differ in what they run and where it writes alone', () => {
    const service = (name: string) => read(name).slice(read(name).indexOf('[Service]'));
    const own = /^(Exec|CacheDirectory|StateDirectory|RuntimeDirectory|Environment)/;
    const common = (name: string) =>
      service(name)
        .split('\n')
        .filter((line) => !own.test(line) && !line.startsWith('#'));
    expect(common('flowtap@.service')).toEqual(common('flowtap.service'));
  });
});
