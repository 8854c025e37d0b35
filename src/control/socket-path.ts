/** Where the control socket of a daemon is, for the daemon and for those who talk to it. */
import { accessSync, constants } from 'node:fs';

const NAME = 'flowtap.sock';
const FOLDER = '/run/flowtap';

/** Where a daemon is looked for that systemd started from flowtap.service. */
export const USUAL_SOCKET = `${FOLDER}/${NAME}`;

/**
 * The path that `auto` of control.socket stands for.
 * @param runtimeDirectory RUNTIME_DIRECTORY of the environment, by which systemd names its folders, with colons between
 * @returns undefined where no folder is there in which this user may make the socket
 */
export function socketOf(runtimeDirectory: string | undefined, folder: string = FOLDER): string | undefined {
  const ours = runtimeDirectory?.split(':')[0];
  if (ours !== undefined && ours !== '') return `${ours}/${NAME}`;
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return `${folder}/${NAME}`;
  } catch {
    return undefined;
  }
}
