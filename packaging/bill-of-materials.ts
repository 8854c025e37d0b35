/**
 * The bill of materials of a package, as CycloneDX 1.5 in JSON: flowtap, its runtime, the packages of npm inside, with
 * the digests that the lock files have, and in an image Debian's libraries.
 */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Architecture } from './architectures.ts';
import type { Library } from './libraries.ts';
import { manifestOf, packagesIn, REPOSITORY } from './program-folder.ts';

interface Locked {
  readonly packages: Readonly<Record<string, { readonly integrity?: string }>>;
}

function lockIn(folder: string): Locked {
  return JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')) as Locked;
}

/** `sha512-BASE64` of a lock file as CycloneDX has it. */
function hashes(integrity: string | undefined): { alg: string; content: string }[] {
  if (integrity?.startsWith('sha512-') !== true) return [];
  return [{ alg: 'SHA-512', content: Buffer.from(integrity.slice(7), 'base64').toString('hex') }];
}

function purl(name: string, version: string): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}

function component(
  name: string,
  version: string,
  license: string | undefined,
  integrity: string | undefined,
) {
  return {
    type: 'library',
    'bom-ref': purl(name, version),
    name,
    version,
    ...(license === undefined ? {} : { licenses: [{ expression: license }] }),
    purl: purl(name, version),
    hashes: hashes(integrity),
  };
}

function libraryComponent({ name, version, sha256 }: Library, { debian }: Architecture) {
  const url = `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${debian}`;
  const hash = { alg: 'SHA-256', content: sha256 };
  return { type: 'library', 'bom-ref': url, name, version, purl: url, hashes: [hash] };
}

/**
 * @param program the program's folder, as makeProgramFolder left it
 * @param libraries that come with it
 */
export function billOfMaterials(
  program: string,
  architecture: Architecture,
  version: string,
  epochSeconds: number,
  libraries: readonly Library[] = [],
): string {
  const own = lockIn(REPOSITORY).packages;
  const runtimeLock = lockIn(join(import.meta.dirname, 'runtime')).packages;
  const runtimeVersion = readFileSync(join(program, 'runtime/version'), 'utf8').trim();
  const components = packagesIn(program).map((folder) => {
    const { name, version: itsVersion, license } = manifestOf(folder);
    return component(name, itsVersion, license, own[relative(program, folder)]?.integrity);
  });
  const runtime = component(
    architecture.runtime,
    runtimeVersion,
    'MIT',
    runtimeLock[`node_modules/${architecture.runtime}`]?.integrity,
  );
  const bom = {
    $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: {
      timestamp: new Date(epochSeconds * 1000).toISOString(),
      component: {
        type: 'application',
        'bom-ref': `flowtap@${version}`,
        name: 'flowtap',
        version,
        licenses: [{ expression: 'Apache-2.0' }],
      },
    },
    components: [
      { ...runtime, type: 'platform' },
      ...components,
      ...libraries.map((library) => libraryComponent(library, architecture)),
    ],
  };
  return `${JSON.stringify(bom, undefined, 2)}\n`;
}
