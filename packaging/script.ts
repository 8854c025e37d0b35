/** What the scripts of this folder share: their command line, and how they say what is wrong with it. */

/** A fault of what a script was given; its message names what was found and what is allowed, or what to do. */
export class UsageError extends Error {}

/** Whether an error is util.parseArgs's: an option that there is none of, or without its value. */
function isUnparsed(error: unknown): error is Error {
  return (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS') === true;
}

/**
 * Runs a script: with `--help` or `-h` it prints its usage and does nothing else. A UsageError is told in a line, with exit
 * code 2, and what cannot be parsed with the usage besides.
 */
export function runScript(name: string, usage: string, main: () => void): void {
  if (process.argv.slice(2).some((word) => word === '--help' || word === '-h')) {
    console.log(usage);
    return;
  }
  try {
    main();
  } catch (error) {
    if (!(error instanceof UsageError) && !isUnparsed(error)) throw error;
    console.error(`${name}: ${error.message}`);
    if (isUnparsed(error)) console.error(usage);
    process.exitCode = 2;
  }
}
