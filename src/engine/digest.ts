/** Tells whether `engine.wasm` was made of the sources as they are: it carries their digest in a section of its own. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The custom section (WebAssembly Core Specification §5.5.3) that holds the digest. */
export const DIGEST_SECTION = 'flowtap.sources';

/** What the engine is compiled from besides `assembly/`, from src/ on. */
const SHARED_SOURCES = [
  'records/decoded-words.ts',
  'records/engine-words.ts',
  'records/flow-words.ts',
  'records/packet-ring.ts',
  'records/table-words.ts',
];

/** SHA-256 of all that the engine is compiled from, as hexadecimal digits. */
export function sourcesDigest(): string {
  const root = join(import.meta.dirname, '..');
  const own = readdirSync(join(import.meta.dirname, 'assembly')).map((name) => `engine/assembly/${name}`);
  const hash = createHash('sha256');
  for (const path of [...own, ...SHARED_SOURCES].sort()) {
    const text = readFileSync(join(root, path));
    hash.update(`${path} ${text.length}\n`).update(text);
  }
  return hash.digest('hex');
}

/** A custom section with this text. */
export function digestSection(text: string): Uint8Array {
  const name = Buffer.from(DIGEST_SECTION);
  const payload = Buffer.concat([Buffer.from([name.length]), name, Buffer.from(text)]);
  if (payload.length > 0x7f) throw new RangeError('a section of more than 127 octets needs a longer length');
  return Buffer.concat([Buffer.from([0, payload.length]), payload]);
}
