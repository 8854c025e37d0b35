/**
 * The Debian package (deb-control(5), Debian Policy §5 and §6): the program's folder below /usr/lib, units, manual pages,
 * completions, and the configuration as a conffile. `dpkg-deb` packs it; given the same sources and the same
 * SOURCE_DATE_EPOCH, the octets are the same.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Architecture } from './architectures.ts';
import { GLIBC_MIN, LIBSTDCXX_MIN } from './architectures.ts';
import { settle } from './archive.ts';
import { copyrightOf } from './copyright.ts';
import { octetsOf, REPOSITORY } from './program-folder.ts';

const DEBIAN = join(import.meta.dirname, 'debian');
const SCRIPTS = ['preinst', 'postinst', 'prerm', 'postrm'];
const CONFFILE = '/etc/flowtap/flowtap.yaml';

function control(version: string, { debian }: Architecture, octets: number): string {
  return `Package: flowtap
Version: ${version}
Architecture: ${debian}
Maintainer: flowtap <flowtap@localhost>
Installed-Size: ${Math.ceil(octets / 1024)}
Depends: libc6 (>= ${GLIBC_MIN}), libgcc-s1 | libgcc1, libstdc++6 (>= ${LIBSTDCXX_MIN})
Recommends: libpcap0.8
Suggests: prometheus
Section: net
Priority: optional
Description: NetFlow and IPFIX probe
 flowtap meters the packets of live interfaces or of capture files into flows,
 and exports them as NetFlow v5, NetFlow v9 or IPFIX, to files, or to Kafka.
 Whatever is lost on the way has a counter that says where and why. It measures
 what the network did to each flow, and tells why a transfer was slow.
 .
 The package brings its own Node runtime.
`;
}

/** Compressed without name or time, as Debian Policy §12.1 wants manual pages to be. */
function gzip(text: string | Buffer): Buffer {
  return gzipSync(text, { level: 9 });
}

/** The units, with the path that this package has. */
function unitText(name: string): string {
  return readFileSync(join(REPOSITORY, 'systemd', name), 'utf8').replaceAll(
    '/usr/local/bin/flowtap',
    '/usr/bin/flowtap',
  );
}

function changelog(version: string, epochSeconds: number): string {
  const date = new Date(epochSeconds * 1000).toUTCString().replace('GMT', '+0000');
  return `flowtap (${version}) stable; urgency=medium\n\n  * See CHANGELOG.gz.\n\n -- flowtap <flowtap@localhost>  ${date}\n`;
}

/** Checksums of all files but the conffile, as dpkg -V reads them. */
function md5sums(root: string): string {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((name) => !name.startsWith('DEBIAN/') && `/${name}` !== CONFFILE)
    .sort()
    .map(
      (name) =>
        `${createHash('md5')
          .update(readFileSync(join(root, name)))
          .digest('hex')}  ${name}\n`,
    )
    .join('');
}

export interface DebianOptions {
  readonly architecture: Architecture;
  readonly version: string;
  /** The program's folder. */
  readonly program: string;
  /** A folder with man/ and completions/. */
  readonly documents: string;
  readonly billOfMaterials: string;
  readonly epochSeconds: number;
  /** A folder of nobody else's. */
  readonly work: string;
  readonly output: string;
  readonly compression: number;
}

/** What /usr/share/doc/flowtap holds: texts that Debian Policy §12 asks for, and those of the project. */
function addDocuments(
  root: string,
  { version, program, billOfMaterials, epochSeconds }: DebianOptions,
): void {
  const at = (name: string) => join(root, 'usr/share/doc/flowtap', name);
  writeFileSync(at('copyright'), copyrightOf(program));
  writeFileSync(at('changelog.gz'), gzip(changelog(version, epochSeconds)));
  writeFileSync(at('CHANGELOG.gz'), gzip(readFileSync(join(REPOSITORY, 'CHANGELOG.md'))));
  writeFileSync(at('bom.cdx.json'), billOfMaterials);
  copyFileSync(join(REPOSITORY, 'README.md'), at('README.md'));
  cpSync(join(REPOSITORY, 'docs'), at('docs'), { recursive: true });
  cpSync(join(REPOSITORY, 'config'), at('examples'), { recursive: true });
  const license = join(root, 'usr/lib/flowtap/runtime/LICENSE');
  writeFileSync(at('LICENSE.node.gz'), gzip(readFileSync(license)));
  rmSync(license);
}

/** Packs the Debian package; returns its path. */
export function makeDebianPackage(options: DebianOptions): string {
  const { architecture, version, program, documents, epochSeconds, work, output, compression } = options;
  const root = join(work, `deb-${architecture.debian}`);
  const at = (...names: string[]) => join(root, ...names);
  const folders = ['DEBIAN', 'usr/bin', 'usr/lib/systemd/system', 'usr/share/doc/flowtap', 'etc/flowtap'];
  for (const folder of [...folders, 'usr/share/lintian/overrides'])
    mkdirSync(at(folder), { recursive: true });
  cpSync(program, at('usr/lib/flowtap'), { recursive: true, verbatimSymlinks: true });
  symlinkSync('../lib/flowtap/flowtap', at('usr/bin/flowtap'));
  for (const name of readdirSync(join(REPOSITORY, 'systemd'))) {
    writeFileSync(at('usr/lib/systemd/system', name), unitText(name));
  }
  copyFileSync(join(REPOSITORY, 'config/flowtap.yaml'), at(CONFFILE));
  cpSync(documents, at('usr/share'), { recursive: true });
  for (const section of readdirSync(at('usr/share/man'))) {
    for (const page of readdirSync(at('usr/share/man', section))) {
      const path = at('usr/share/man', section, page);
      writeFileSync(`${path}.gz`, gzip(readFileSync(path)));
      rmSync(path);
    }
  }
  addDocuments(root, options);
  copyFileSync(join(DEBIAN, 'lintian-overrides'), at('usr/share/lintian/overrides/flowtap'));
  for (const name of SCRIPTS) copyFileSync(join(DEBIAN, name), at('DEBIAN', name));
  writeFileSync(at('DEBIAN/conffiles'), `${CONFFILE}\n`);
  writeFileSync(at('DEBIAN/md5sums'), md5sums(root));
  writeFileSync(at('DEBIAN/control'), control(version, architecture, octetsOf(root)));
  settle(root, epochSeconds);
  const file = join(output, `flowtap_${version}_${architecture.debian}.deb`);
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zxz', `-z${compression}`, '--build', root, file], {
    env: { ...process.env, SOURCE_DATE_EPOCH: String(epochSeconds) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (statSync(file).size === 0) throw new Error(`${file} is empty`);
  return file;
}
