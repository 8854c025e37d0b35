/**
 * Where the package's own files are, for the sources as for the bundle that `npm run build` makes of them. Both lie one
 * folder below the package's root, in src/ and dist/, and rolldown.config.ts puts every chunk right into dist/: so what
 * is relative to this module is right in both. It is not for any other module, which may be deeper in src/ than its
 * chunk is in dist/; they ask here.
 */

/** Sources run as they are; the bundle is JavaScript. */
const ENDING = import.meta.url.endsWith('.ts') ? 'ts' : 'js';

/** A file of the package. @param path from its root */
export function packageFile(path: string): URL {
  return new URL(`../${path}`, import.meta.url);
}

/**
 * A module that a thread or a process starts with.
 * @param name its path in src/ without ending; an input of rolldown.config.ts
 */
export function startModule(name: string): URL {
  return new URL(`./${name}.${ENDING}`, import.meta.url);
}

/** A file of the page: in the sources where it was written, in the bundle beside the chunks. @param name without folders */
export function pageFile(name: string): URL {
  return new URL(`./${ENDING === 'ts' ? 'web/page' : 'page'}/${name}`, import.meta.url);
}

/** A file of a package that this one depends on. @param path the package's name, and the path in it */
export function dependencyFile(path: string): URL {
  return new URL(import.meta.resolve(path));
}

/** The version of flowtap. */
export function packageVersion(): string {
  const text = process.getBuiltinModule('node:fs').readFileSync(packageFile('package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
