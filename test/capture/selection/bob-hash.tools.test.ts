/** The hash of selection (RFC 5475, appendix A.2) is that of Jenkins' C code. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createEngine } from '../../../src/engine/engine.ts';
import { uint8Array } from '../../../src/records/memory.ts';
import { describeWithTools } from '../../support/tools.ts';

/** The function of RFC 5475 appendix A.2, as C. */
const BOB_C = `
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#define mix(a,b,c) { \\
  a -= b; a -= c; a ^= (c>>13); b -= c; b -= a; b ^= (a<<8); c -= a; c -= b; c ^= (b>>13); \\
  a -= b; a -= c; a ^= (c>>12); b -= c; b -= a; b ^= (a<<16); c -= a; c -= b; c ^= (b>>5); \\
  a -= b; a -= c; a ^= (c>>3); b -= c; b -= a; b ^= (a<<10); c -= a; c -= b; c ^= (b>>15); }
static uint32_t bob(const uint8_t *k, uint32_t length, uint32_t initval) {
  uint32_t a = 0x9e3779b9, b = 0x9e3779b9, c = initval, len = length;
  while (len >= 12) {
    a += k[0] + ((uint32_t)k[1]<<8) + ((uint32_t)k[2]<<16) + ((uint32_t)k[3]<<24);
    b += k[4] + ((uint32_t)k[5]<<8) + ((uint32_t)k[6]<<16) + ((uint32_t)k[7]<<24);
    c += k[8] + ((uint32_t)k[9]<<8) + ((uint32_t)k[10]<<16) + ((uint32_t)k[11]<<24);
    mix(a,b,c); k += 12; len -= 12;
  }
  c += length;
  switch (len) {
    case 11: c += (uint32_t)k[10]<<24; case 10: c += (uint32_t)k[9]<<16; case 9: c += (uint32_t)k[8]<<8;
    case 8: b += (uint32_t)k[7]<<24; case 7: b += (uint32_t)k[6]<<16; case 6: b += (uint32_t)k[5]<<8;
    case 5: b += k[4];
    case 4: a += (uint32_t)k[3]<<24; case 3: a += (uint32_t)k[2]<<16; case 2: a += (uint32_t)k[1]<<8;
    case 1: a += k[0];
  }
  mix(a,b,c);
  return c;
}
int main(void) {
  uint8_t k[40];
  for (int i = 0; i < 40; i++) k[i] = (uint8_t)(i * 37 + 11);
  for (uint32_t n = 0; n <= 32; n++) printf("%u\\n", bob(k, n, 0xdeadbeef ^ n));
}`;

describeWithTools(['gcc'], 'the BOB hash', () => {
  it('is what the C code of RFC 5475 computes', () => {
    const folder = mkdtempSync(join(tmpdir(), 'flowtap-bob-'));
    try {
      const source = join(folder, 'bob.c');
      writeFileSync(source, BOB_C);
      execFileSync('gcc', ['-w', '-o', join(folder, 'bob'), source]);
      const theirs = execFileSync(join(folder, 'bob'), { encoding: 'utf8' }).trim().split('\n').map(Number);
      const engine = createEngine(0);
      const input = uint8Array(engine.allocate, 40);
      input.set(Array.from({ length: 40 }, (_, i) => i * 37 + 11));
      const ours = theirs.map((_, n) => engine.bobHash(input.byteOffset, n, 0xdeadbeef ^ n) >>> 0);
      expect(ours).toEqual(theirs);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
