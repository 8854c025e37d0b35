/**
 * Compiles the engine: `npm run engine`. With --check it only tells whether engine.wasm is what its sources give, octet
 * for octet. The compiler is fetched when it is needed: only those who change the engine need its 100 MB.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestSection, sourcesDigest } from './digest.ts';

const COMPILER = 'assemblyscript@0.28.20';
const FLAGS = [
  '-O3',
  // No assertions of the compiler's own: every length is checked by the engine itself.
  '--noAssert',
  ...['--runtime', 'stub', '--enable', 'simd', '--enable', 'bulk-memory'],
  ...['--importMemory', '--maximumMemory', '65536'],
];

function compile(): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'flowtap-engine-'));
  try {
    const out = join(folder, 'engine.wasm');
    const args = ['--yes', '--package', COMPILER, 'asc', 'assembly/index.ts', '--outFile', out, ...FLAGS];
    execFileSync('npx', args, { cwd: import.meta.dirname, stdio: 'inherit' });
    return Buffer.concat([readFileSync(out), digestSection(sourcesDigest())]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const target = join(import.meta.dirname, 'engine.wasm');
const compiled = compile();
if (!process.argv.includes('--check')) {
  writeFileSync(target, compiled);
  console.log(`src/engine/engine.wasm: ${compiled.length} octets`);
} else if (!readFileSync(target).equals(compiled)) {
  console.error('src/engine/engine.wasm is not what its sources give; run: npm run engine');
  process.exitCode = 1;
}
