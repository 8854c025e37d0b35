/**
 * The licences of all that a package holds, in Debian's machine-readable form (copyright-format 1.0): flowtap's own, the
 * runtime's, and that of each package of npm inside.
 */
import { licenceTextOf, manifestOf, packagesIn } from './program-folder.ts';

/** A text as a field's continuation: a space before each line, a dot on an empty one. */
function folded(text: string): string {
  return text
    .trim()
    .split('\n')
    .map((line) => (line.trim() === '' ? ' .' : ` ${line.trimEnd().replace(/^\t/, '  ')}`))
    .join('\n');
}

/** The lines of a licence that name who holds the copyright. */
function holdersIn(text: string | undefined, author: string): string {
  const lines = (text ?? '')
    .split('\n')
    .filter((line) => /^\W*copyright\b.*\d{4}|^\W*copyright \(c\)/i.test(line));
  const holders = lines.map((line) => line.replace(/^\W*copyright\s*(\(c\)|©)?\s*/i, '').trim());
  return holders.length > 0 ? holders.join('\n ') : author;
}

/** @param program the program's folder */
export function copyrightOf(program: string): string {
  const texts = new Map<string, string>();
  const stanzas = packagesIn(program).map((folder) => {
    const { name, license = 'unknown', author } = manifestOf(folder);
    const text = licenceTextOf(folder);
    const who = typeof author === 'string' ? author : author?.name;
    const key = `${license.replaceAll(' ', '-')}~${name.replace('@', '').replace('/', '-')}`;
    const isCommon = license === 'Apache-2.0';
    if (!isCommon) texts.set(key, text ?? `${license}, as the package's package.json says.`);
    const path = `usr/lib/flowtap/node_modules/${name}`;
    return `Files: ${path}/*\nCopyright: ${holdersIn(text, who ?? `the authors of ${name}`)}\nLicense: ${isCommon ? license : key}\n`;
  });
  const licences = [...texts].map(([key, text]) => `License: ${key}\n${folded(text)}\n`);
  return [
    'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: flowtap\n',
    'Files: *\nCopyright: the authors of flowtap\nLicense: Apache-2.0\n',
    'Files: usr/lib/flowtap/runtime/node\nCopyright: Node.js contributors, and those of what it holds\nLicense: Node\n',
    ...stanzas,
    `License: Apache-2.0\n On Debian systems, the full text is in /usr/share/common-licenses/Apache-2.0.\n`,
    'License: Node\n The licence of Node and of all that it is compiled with is in /usr/share/doc/flowtap/LICENSE.node.gz.\n',
    ...licences,
  ].join('\n');
}
