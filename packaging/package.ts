/**
 * `npm run package`: makes all that a release consists of, for each architecture, on any Linux machine with npm, dpkg-deb
 * and tar (the image also takes apt): Debian packages, tarballs, OCI images, bills of materials, and the npm package.
 *
 * SHA256SUMS in the output folder is of what this run made. The version is that of package.json, unless another is given.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { makeFoldersSync } from '../src/base/folders.ts';
import { packageVersion } from '../src/package-files.ts';
import { ARCHITECTURES, type Architecture } from './architectures.ts';
import { gzipFile, makeTar, settle } from './archive.ts';
import { billOfMaterials } from './bill-of-materials.ts';
import { copyrightOf } from './copyright.ts';
import { makeDebianPackage } from './debian-package.ts';
import { makeImage } from './oci-image.ts';
import { makeProgramFolder, octetsOf, REPOSITORY } from './program-folder.ts';
import { runScript, UsageError } from './script.ts';

const KINDS = ['deb', 'tarball', 'image', 'npm'] as const;
type Kind = (typeof KINDS)[number];

const USAGE = `npm run package -- [OPTION…]

  --arch amd64|arm64              once or twice; both where it is missing
  --only deb|tarball|image|npm    may be repeated; all where it is missing
  --version VERSION               that of package.json where it is missing
  --out DIR                       packages/ where it is missing
  --compression 0-9               from fast to small; 9 where it is missing`;

function oneOf<T extends string>(
  option: string,
  found: string[] | undefined,
  allowed: readonly T[],
): readonly T[] {
  const wrong = found?.find((value) => !allowed.includes(value as T));
  if (wrong !== undefined)
    throw new UsageError(`--${option}: found ${wrong}; allowed: ${allowed.join(', ')}`);
  return (found as T[] | undefined) ?? allowed;
}

/** Unix time that all files get: that of the commit, unless SOURCE_DATE_EPOCH says another (reproducible-builds.org). */
function sourceDateEpoch(): number {
  const { SOURCE_DATE_EPOCH: given } = process.env;
  if (given !== undefined && !/^\d+$/.test(given)) {
    throw new UsageError(`SOURCE_DATE_EPOCH: found ${given}; allowed: whole seconds since 1970`);
  }
  const options = { cwd: REPOSITORY, encoding: 'utf8' } as const;
  return Number(given ?? execFileSync('git', ['log', '-1', '--format=%ct'], options).trim());
}

interface Release {
  readonly version: string;
  readonly epochSeconds: number;
  readonly kinds: readonly Kind[];
  /** From 0, fast, to 9, small. */
  readonly compression: number;
  readonly work: string;
  readonly output: string;
}

function makeTarball(release: Release, architecture: Architecture, program: string, bom: string): string {
  const { version, epochSeconds, work, output, compression } = release;
  const name = `flowtap-${version}-linux-${architecture.debian}`;
  const root = join(work, name);
  cpSync(program, root, { recursive: true, verbatimSymlinks: true });
  for (const file of ['README.md', 'CHANGELOG.md', 'LICENSE', 'LICENSE-JA4', 'systemd', 'docs']) {
    cpSync(join(REPOSITORY, file), join(root, file), { recursive: true });
  }
  cpSync(documentsFolder(), join(root, 'share'), { recursive: true });
  writeFileSync(join(root, 'copyright'), copyrightOf(program));
  writeFileSync(join(root, 'bom.cdx.json'), bom);
  settle(root, epochSeconds);
  const file = join(output, `${name}.tar`);
  makeTar(work, file, epochSeconds, [name]);
  return gzipFile(file, compression);
}

/** man/ and completions of shells, which are generated with the other documents. */
function documentsFolder(): string {
  return join(REPOSITORY, 'packaging/share');
}

function makeForArchitecture(release: Release, architecture: Architecture): string[] {
  const { version, epochSeconds, kinds, work, output, compression } = release;
  const program = join(work, `program-${architecture.debian}`);
  makeProgramFolder(program, architecture, version);
  const bom = billOfMaterials(program, architecture, version, epochSeconds);
  const made: string[] = [];
  if (kinds.includes('deb')) {
    const documents = documentsFolder();
    const contents = { program, documents, billOfMaterials: bom };
    made.push(
      makeDebianPackage({ architecture, version, ...contents, epochSeconds, work, output, compression }),
    );
  }
  if (kinds.includes('tarball')) made.push(makeTarball(release, architecture, program, bom));
  if (kinds.includes('image'))
    made.push(makeImage({ architecture, version, program, epochSeconds, work, output, compression }));
  const largest = readdirSync(program).map((name) => {
    const path = join(program, name);
    return [statSync(path).isDirectory() ? octetsOf(path) : statSync(path).size, name] as const;
  });
  largest.sort(([a], [b]) => b - a);
  const inWords = largest.slice(0, 3).map(([octets, name]) => `${name} ${(octets / 1e6).toFixed(1)} MB`);
  console.log(
    `${architecture.debian}: ${(octetsOf(program) / 1e6).toFixed(1)} MB unpacked: ${inWords.join(', ')}`,
  );
  return made;
}

function makeNpmPackage({ output }: Release): string {
  const json = execFileSync('npm', ['pack', '--json', '--pack-destination', output], {
    cwd: REPOSITORY,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const packed = JSON.parse(json.slice(json.indexOf('['))) as { filename: string }[];
  return join(output, packed[0]!.filename);
}

function main(): void {
  if (!existsSync(join(REPOSITORY, 'node_modules/rolldown'))) throw new UsageError('run `npm ci` first');
  const { values } = parseArgs({
    options: {
      arch: { type: 'string', multiple: true },
      only: { type: 'string', multiple: true },
      version: { type: 'string', default: packageVersion() },
      compression: { type: 'string', default: '9' },
      out: { type: 'string', default: join(REPOSITORY, 'packages') },
    },
  });
  const names = oneOf(
    'arch',
    values.arch,
    ARCHITECTURES.map(({ debian }) => debian),
  );
  const kinds = oneOf('only', values.only, KINDS);
  if (!/^\d[\w.+~-]*$/.test(values.version)) {
    throw new UsageError(
      `--version: found ${values.version}; allowed: a digit, then letters, digits, . + ~ -`,
    );
  }
  if (kinds.includes('npm') && values.version !== packageVersion()) {
    throw new UsageError(
      `--version: found ${values.version}; allowed with the npm package: ${packageVersion()}, as package.json says`,
    );
  }
  const [compression] = oneOf('compression', [values.compression], [...'0123456789']);
  const output = resolve(values.out);
  try {
    makeFoldersSync(output);
  } catch (error) {
    throw new UsageError(`--out: found ${output}, which cannot be made: ${(error as Error).message}`);
  }
  const work = mkdtempSync(join(tmpdir(), 'flowtap-package-'));
  try {
    const release = {
      version: values.version,
      epochSeconds: sourceDateEpoch(),
      kinds,
      work,
      output,
      compression: Number(compression),
    };
    const architectures = ARCHITECTURES.filter(({ debian }) => names.includes(debian));
    const files = kinds.some((kind) => kind !== 'npm')
      ? architectures.flatMap((architecture) => makeForArchitecture(release, architecture))
      : [];
    if (kinds.includes('npm')) files.push(makeNpmPackage(release));
    const sums = files.sort().map((file) => {
      const octets = readFileSync(file);
      console.log(`${file}: ${(octets.length / 1e6).toFixed(1)} MB`);
      return `${createHash('sha256').update(octets).digest('hex')}  ${basename(file)}\n`;
    });
    writeFileSync(join(output, 'SHA256SUMS'), sums.join(''));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

runScript('package', USAGE, main);
