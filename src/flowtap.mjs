#!/usr/bin/env node
/**
 * The `flowtap` command. It is JavaScript that any Node reads, since Node below 24 cannot run the program itself: there,
 * the Node that the package pins as a development dependency takes over, with the same arguments, standard streams,
 * signals and exit code.
 *
 * It also turns the compile cache on before the first TypeScript file is seen: the file that a process starts with is
 * never cached, and stripping types for the first time takes longer than all the rest of the start.
 */
const NODE_MAJOR_MIN = 24;

/** The module to run: the bundle beside this file, the bundle of a package that is installed, or the sources. */
function mainModule(exists) {
  const bundledHere = new URL('./main.js', import.meta.url);
  if (exists(bundledHere)) return bundledHere;
  // Node strips no types below node_modules.
  const bundled = new URL('../dist/main.js', import.meta.url);
  if (import.meta.url.indexOf('/node_modules/') >= 0 && exists(bundled)) return bundled;
  return new URL('./main.ts', import.meta.url);
}

/** Runs this file again with the pinned Node, which lies in the package or, once installed, beside it. */
async function runWithPinnedNode() {
  const { existsSync } = await import('node:fs');
  const { fileURLToPath } = await import('node:url');
  const { spawn } = await import('node:child_process');
  const { constants } = await import('node:os');
  const places = ['../node_modules/node/bin/node', '../../node/bin/node'];
  const runtimes = places.map((place) => fileURLToPath(new URL(place, import.meta.url))).filter(existsSync);
  if (runtimes.length === 0) {
    process.stderr.write(
      `flowtap: this is Node ${process.versions.node}; allowed: Node ${NODE_MAJOR_MIN} or newer\n` +
        'flowtap: install it from https://nodejs.org, or run `npm ci` in the source tree, which brings one along\n',
    );
    process.exitCode = 1;
    return;
  }
  const args = [fileURLToPath(import.meta.url)].concat(process.argv.slice(2));
  const child = spawn(runtimes[0], args, { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2']) {
    process.on(signal, () => child.kill(signal));
  }
  child.on('error', (error) => {
    process.stderr.write(`flowtap: cannot start ${runtimes[0]}: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = signal === null ? code : 128 + constants.signals[signal];
  });
}

if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR_MIN) {
  process.getBuiltinModule('module').enableCompileCache();
  await import(mainModule(process.getBuiltinModule('fs').existsSync).href);
} else {
  await runWithPinnedNode();
}
