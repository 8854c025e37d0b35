/**
 * An OCI image layout (image-spec 1.1), made without a daemon: one layer with the program and the few libraries that the
 * runtime needs, and nothing of a distribution besides. The libraries are those of Debian's packages for the
 * architecture, taken from its archive by apt, which checks their digests.
 */
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Architecture } from './architectures.ts';
import { gzipFile, makeTar, settle } from './archive.ts';
import { addLibraries } from './libraries.ts';

/** `nonroot` of other images without a distribution. */
const USER = 65532;
const METRICS_PORT = 9669;
const MEDIA = 'application/vnd.oci.image';

function digestOf(octets: Buffer): string {
  return `sha256:${createHash('sha256').update(octets).digest('hex')}`;
}

export interface ImageOptions {
  readonly architecture: Architecture;
  readonly version: string;
  /** The program's folder. */
  readonly program: string;
  readonly epochSeconds: number;
  readonly work: string;
  readonly output: string;
  readonly compression: number;
}

/** Makes `flowtap-VERSION-oci-ARCH.tar`, an image layout as `skopeo copy oci-archive:…` and `podman load` read it. */
export function makeImage({
  architecture,
  version,
  program,
  epochSeconds,
  work,
  output,
  compression,
}: ImageOptions): string {
  const root = join(work, `oci-root-${architecture.debian}`);
  mkdirSync(root, { recursive: true });
  addLibraries(root, architecture, work);
  const at = (...names: string[]) => join(root, ...names);
  for (const folder of ['etc/flowtap', 'tmp', 'var/lib/flowtap', 'usr/bin', 'usr/lib']) {
    mkdirSync(at(folder), { recursive: true });
  }
  cpSync(program, at('usr/lib/flowtap'), { recursive: true, verbatimSymlinks: true });
  // There is no shell: the image starts the runtime itself.
  rmSync(at('usr/lib/flowtap/flowtap'));
  symlinkSync('../lib/flowtap/runtime/node', at('usr/bin/node'));
  copyFileSync(join(program, 'config/flowtap.yaml'), at('etc/flowtap/flowtap.yaml'));
  writeFileSync(
    at('etc/passwd'),
    `root:x:0:0:root:/:/\nflowtap:x:${USER}:${USER}:flowtap:/var/lib/flowtap:/\n`,
  );
  writeFileSync(at('etc/group'), `root:x:0:\nflowtap:x:${USER}:\n`);
  settle(root, epochSeconds);

  const layout = join(work, `oci-layout-${architecture.debian}`);
  const blobs = join(layout, 'blobs/sha256');
  mkdirSync(blobs, { recursive: true });
  const put = (octets: Buffer, mediaType: string) => {
    const digest = digestOf(octets);
    writeFileSync(join(blobs, digest.slice(7)), octets);
    return { mediaType, digest, size: octets.length };
  };
  const tar = join(work, `layer-${architecture.debian}.tar`);
  makeTar(root, tar, epochSeconds);
  const diffId = digestOf(readFileSync(tar));
  const layer = put(readFileSync(gzipFile(tar, compression)), `${MEDIA}.layer.v1.tar+gzip`);
  const created = new Date(epochSeconds * 1000).toISOString();
  const node = '/usr/lib/flowtap/runtime/node';
  const program_ = [node, '/usr/lib/flowtap/dist/flowtap.mjs'];
  const probe = `fetch('http://127.0.0.1:${METRICS_PORT}/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))`;
  const config = put(
    Buffer.from(
      JSON.stringify({
        created,
        architecture: architecture.oci,
        os: 'linux',
        config: {
          User: `${USER}:${USER}`,
          WorkingDir: '/var/lib/flowtap',
          Entrypoint: program_,
          Cmd: ['run', '-c', '/etc/flowtap/flowtap.yaml'],
          Env: ['PATH=/usr/bin', 'NODE_COMPILE_CACHE=/tmp/flowtap'],
          ExposedPorts: { [`${METRICS_PORT}/tcp`]: {} },
          StopSignal: 'SIGTERM',
          Healthcheck: {
            Test: ['CMD', node, '-e', probe],
            Interval: 30e9,
            Timeout: 5e9,
            StartPeriod: 5e9,
            Retries: 3,
          },
          Labels: {
            'org.opencontainers.image.title': 'flowtap',
            'org.opencontainers.image.version': version,
            'org.opencontainers.image.licenses': 'Apache-2.0',
          },
        },
        rootfs: { type: 'layers', diff_ids: [diffId] },
        history: [{ created, created_by: 'npm run package' }],
      }),
    ),
    `${MEDIA}.config.v1+json`,
  );
  const manifest = put(
    Buffer.from(
      JSON.stringify({ schemaVersion: 2, mediaType: `${MEDIA}.manifest.v1+json`, config, layers: [layer] }),
    ),
    `${MEDIA}.manifest.v1+json`,
  );
  const platform = { architecture: architecture.oci, os: 'linux' };
  const annotations = { 'org.opencontainers.image.ref.name': version };
  const index = {
    schemaVersion: 2,
    mediaType: `${MEDIA}.index.v1+json`,
    manifests: [{ ...manifest, platform, annotations }],
  };
  writeFileSync(join(layout, 'index.json'), JSON.stringify(index));
  writeFileSync(join(layout, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  settle(layout, epochSeconds);
  const file = join(output, `flowtap-${version}-oci-${architecture.debian}.tar`);
  makeTar(layout, file, epochSeconds, ['oci-layout', 'index.json', 'blobs']);
  if (!existsSync(file)) throw new Error(`${file} was not made`);
  return file;
}
