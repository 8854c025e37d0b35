/** The control socket of a daemon: opens it where the configuration says, with the routes that it is given. */
import { ListenError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Route } from '../web/route.ts';
import type { WebServer } from '../web/server.ts';
import { socketOf } from './socket-path.ts';

/**
 * @param wanted control.socket of the configuration
 * @returns undefined where there is to be none, or `auto` finds no place for it
 * @throws ListenError where a socket that was asked for by its path cannot be had
 */
export async function openControlSocket(
  wanted: string,
  routes: () => Promise<readonly Route[]>,
  log: Log,
): Promise<WebServer | undefined> {
  const path = wanted === 'auto' ? socketOf(process.env.RUNTIME_DIRECTORY) : wanted;
  if (path === undefined || path === 'none') return undefined;
  try {
    const { startWebServer } = await import('../web/server.ts');
    const server = await startWebServer({ listen: path, routes: await routes() });
    log.write('info', undefined, `control socket ${path}`);
    return server;
  } catch (error) {
    // Nobody asked for it: the daemon does its work without.
    if (wanted !== 'auto' || !(error instanceof ListenError)) throw error;
    log.write('warning', undefined, `${error.message}; ${error.remedy}`);
    return undefined;
  }
}
