/** The libraries that the runtime is linked with, from Debian's packages for an architecture, by apt and dpkg-deb. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Architecture } from './architectures.ts';

const LIBRARIES = ['libc6', 'libgcc-s1', 'libstdc++6'];

/**
 * Unpacks them below `root`. apt checks their digests; the machine's own packages and lists stay as they are.
 * @param work a folder of nobody else's
 */
export function addLibraries(root: string, { debian }: Architecture, work: string): void {
  const state = join(work, `apt-${debian}`);
  for (const folder of ['lists/partial', 'archives/partial', 'etc'])
    mkdirSync(join(state, folder), { recursive: true });
  writeFileSync(join(state, 'status'), '');
  const options = [
    ...['-o', `APT::Architecture=${debian}`, '-o', `APT::Architectures=${debian}`],
    ...['-o', `Dir::State::Lists=${state}/lists`, '-o', `Dir::State::status=${state}/status`],
    ...['-o', `Dir::Cache=${state}`, '-o', 'APT::Sandbox::User=root', '-qq'],
  ];
  execFileSync('apt-get', [...options, 'update'], { stdio: ['ignore', 'ignore', 'inherit'] });
  execFileSync('apt-get', [...options, 'download', ...LIBRARIES], {
    cwd: state,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const files = readdirSync(state)
    .filter((name) => name.endsWith('.deb'))
    .sort();
  for (const file of files) execFileSync('dpkg-deb', ['--extract', join(state, file), root]);
  for (const unused of ['usr/share', 'etc']) rmSync(join(root, unused), { recursive: true, force: true });
}
