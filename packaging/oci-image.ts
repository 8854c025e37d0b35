/**
 * An OCI image layout (image-spec 1.1), made without a daemon: one layer with the program and the few libraries that the
 * runtime needs, and nothing of a distribution besides. The libraries are those of Debian's packages for the
 * architecture, taken from its archive by apt, which checks their digests.
 */
import { createHash } from 'node:crypto';
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Architecture } from './architectures.ts';
import { appendEntries, gzipFile, makeTar, settle } from './archive.ts';
import { billOfMaterials } from './bill-of-materials.ts';
import { copyrightOf } from './copyright.ts';
import { addLibraries } from './libraries.ts';

/** `nonroot` of other images without a distribution. */
const USER = 65532;
const METRICS_PORT = 9669;
const MEDIA = 'application/vnd.oci.image';
const RUNTIME = 'usr/lib/flowtap/runtime/node';
const STATE = 'var/lib/flowtap';
/**
 * The attribute security.capability (struct vfs_cap_data of linux/capability.h, revision 2): CAP_NET_RAW, bit 13,
 * permitted and effective. Containers give a user other than root no capability but by such a file.
 */
const NET_RAW = Buffer.from('0100000200200000000000000000000000000000', 'hex');

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

/** Packs the file system of a container; returns the archive's path. */
function makeLayer({ architecture, version, program, epochSeconds, work }: ImageOptions): string {
  const root = join(work, `oci-root-${architecture.debian}`);
  const at = (...names: string[]) => join(root, ...names);
  const folders = ['etc/flowtap', 'usr/bin', 'usr/lib', 'usr/share/doc/flowtap', 'var/lib'];
  for (const folder of folders) mkdirSync(at(folder), { recursive: true });
  const libraries = addLibraries(root, architecture, work);
  cpSync(program, at('usr/lib/flowtap'), { recursive: true, verbatimSymlinks: true });
  // There is no shell: the image starts the runtime itself.
  rmSync(at('usr/lib/flowtap/flowtap'));
  symlinkSync('../lib/flowtap/runtime/node', at('usr/bin/node'));
  copyFileSync(join(program, 'config/flowtap.yaml'), at('etc/flowtap/flowtap.yaml'));
  writeFileSync(at('etc/passwd'), `root:x:0:0:root:/:/\nflowtap:x:${USER}:${USER}:flowtap:/${STATE}:/\n`);
  writeFileSync(at('etc/group'), `root:x:0:\nflowtap:x:${USER}:\n`);
  writeFileSync(at('usr/share/doc/flowtap/copyright'), copyrightOf(program));
  const bom = billOfMaterials(program, architecture, version, epochSeconds, libraries);
  writeFileSync(at('usr/share/doc/flowtap/bom.cdx.json'), bom);
  const runtime = readFileSync(at(RUNTIME));
  rmSync(at(RUNTIME));
  settle(root, epochSeconds);

  const tar = join(work, `layer-${architecture.debian}.tar`);
  makeTar(root, tar, epochSeconds);
  const none = Buffer.alloc(0);
  const entries = [
    {
      name: `./${RUNTIME}`,
      mode: 0o755,
      id: 0,
      octets: runtime,
      attributes: { 'security.capability': NET_RAW },
    },
    { name: './tmp/', mode: 0o1777, id: 0, octets: none },
    { name: `./${STATE}/`, mode: 0o750, id: USER, octets: none },
  ];
  appendEntries(tar, entries, epochSeconds);
  return tar;
}

/** How a container of the image is run (image-spec's configuration). */
function runConfig(version: string) {
  const probe = `fetch('http://127.0.0.1:${METRICS_PORT}/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))`;
  return {
    User: `${USER}:${USER}`,
    WorkingDir: `/${STATE}`,
    Entrypoint: [`/${RUNTIME}`, '/usr/lib/flowtap/dist/flowtap.mjs'],
    Cmd: ['run', '-c', '/etc/flowtap/flowtap.yaml'],
    Env: ['PATH=/usr/bin'],
    ExposedPorts: { [`${METRICS_PORT}/tcp`]: {} },
    StopSignal: 'SIGTERM',
    Healthcheck: {
      Test: ['CMD', `/${RUNTIME}`, '-e', probe],
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
  };
}

/**
 * Makes `flowtap-VERSION-oci-ARCH.tar`: an image layout as `skopeo copy oci-archive:…` and `podman load` read it, with the
 * list of images that `docker load` reads beside it.
 */
export function makeImage(options: ImageOptions): string {
  const { architecture, version, epochSeconds, work, output, compression } = options;
  const layout = join(work, `oci-layout-${architecture.debian}`);
  const blobs = join(layout, 'blobs/sha256');
  mkdirSync(blobs, { recursive: true });
  const put = (octets: Buffer, kind: string) => {
    const digest = digestOf(octets);
    writeFileSync(join(blobs, digest.slice(7)), octets);
    return { mediaType: `${MEDIA}.${kind}`, digest, size: octets.length };
  };
  const putJson = (value: object, kind: string) => put(Buffer.from(JSON.stringify(value)), kind);

  const tar = makeLayer(options);
  const diffId = digestOf(readFileSync(tar));
  const layer = put(readFileSync(gzipFile(tar, compression)), 'layer.v1.tar+gzip');
  const created = new Date(epochSeconds * 1000).toISOString();
  const platform = { architecture: architecture.oci, os: 'linux' };
  const rootfs = { type: 'layers', diff_ids: [diffId] };
  const history = [{ created, created_by: 'npm run package' }];
  const image = { created, ...platform, config: runConfig(version), rootfs, history };
  const config = putJson(image, 'config.v1+json');
  const mediaType = `${MEDIA}.manifest.v1+json`;
  const manifest = putJson({ schemaVersion: 2, mediaType, config, layers: [layer] }, 'manifest.v1+json');
  const annotations = {
    'org.opencontainers.image.ref.name': version,
    // What containerd, Docker and Podman call it after loading.
    'io.containerd.image.name': `docker.io/library/flowtap:${version}`,
  };
  const manifests = [{ ...manifest, platform, annotations }];
  const index = { schemaVersion: 2, mediaType: `${MEDIA}.index.v1+json`, manifests };
  writeFileSync(join(layout, 'index.json'), JSON.stringify(index));
  writeFileSync(join(layout, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  const blob = ({ digest }: { digest: string }) => `blobs/sha256/${digest.slice(7)}`;
  const docker = { Config: blob(config), RepoTags: [`flowtap:${version}`], Layers: [blob(layer)] };
  writeFileSync(join(layout, 'manifest.json'), JSON.stringify([docker]));
  settle(layout, epochSeconds);
  const file = join(output, `flowtap-${version}-oci-${architecture.debian}.tar`);
  makeTar(layout, file, epochSeconds, ['oci-layout', 'index.json', 'manifest.json', 'blobs']);
  return file;
}
