/** argv to the command line, and what nobody catches to a message and an exit code; nothing else. */

// First, so that everything below is loaded compiled, and its types are stripped once for all runs. Asked for like this,
// the module is not wrapped up as an ES module, which would take a millisecond.
const { enableCompileCache, getCompileCacheDir } = process.getBuiltinModule('node:module');
enableCompileCache();
// Worker threads turn the cache on only by the environment; without it a worker starts 50 ms later. The directory holds
// one of its own for each version of Node.
const cacheDirectory = getCompileCacheDir();
if (cacheDirectory !== undefined) process.env.NODE_COMPILE_CACHE ??= `${cacheDirectory}/..`;
const { endByDefect, runCommandLine } = await import('./cli/cli.ts');
process.on('uncaughtException', endByDefect);
process.on('unhandledRejection', endByDefect);
process.exitCode = await runCommandLine(process.argv.slice(2));
