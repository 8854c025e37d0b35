/**
 * A Unix socket to listen on. A path at which another program answers is left to it; one that a program left behind is
 * taken. The owner and the group of the socket may connect, nobody else.
 */
import { chmodSync, existsSync, lstatSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { ListenError } from '../base/errors.ts';

const MODE = 0o660;

/** The part of a server that listens. */
interface Listener {
  listen(options: { readonly path: string }): Promise<unknown>;
  close(): PromiseLike<unknown>;
}

/** The error of an attempt to connect; undefined: somebody answers. */
function whySilent(path: string): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once('error', resolve);
  });
}

function refused(path: string, what: string, remedy: string, cause?: unknown): ListenError {
  return new ListenError(`cannot listen on the control socket ${path}: ${what}`, { remedy, cause });
}

/** @throws ListenError where the path belongs to somebody */
async function makeWay(path: string): Promise<void> {
  const remedy = 'choose another path in --control-socket (control.socket), or none';
  // Listening itself would say EACCES.
  if (!existsSync(dirname(path))) throw refused(path, 'its folder is not there', `make it, or ${remedy}`);
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined) return;
  if (!there.isSocket()) throw refused(path, 'there is a file which is no socket', remedy);
  const why = await whySilent(path);
  if (why === undefined)
    throw refused(path, 'another program answers there, perhaps another flowtap', remedy);
  if (why.code === 'ENOENT') return;
  if (why.code !== 'ECONNREFUSED') throw refused(path, why.code ?? why.message, remedy, why);
  unlinkSync(path);
}

/**
 * Lets a server listen at `path`, an absolute one.
 * @returns the path
 * @throws ListenError where it cannot
 */
export async function claimSocket(server: Listener, path: string): Promise<string> {
  try {
    await makeWay(path);
    await server.listen({ path });
    chmodSync(path, MODE);
    return path;
  } catch (error) {
    await server.close();
    if (error instanceof ListenError) throw error;
    const { code = String(error) } = error as NodeJS.ErrnoException;
    const remedies: Readonly<Record<string, string>> = {
      EACCES:
        'this user may not make a socket there: choose another path in --control-socket (control.socket)',
      EADDRINUSE:
        'another program has just taken it: choose another path in --control-socket (control.socket)',
    };
    throw refused(path, code, remedies[code] ?? 'correct --control-socket (control.socket)', error);
  }
}
