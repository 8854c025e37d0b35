/** A client of a daemon's control socket. */
import { request } from 'node:http';
import { type ConfigFault, ControlError } from '../base/errors.ts';

/** To export all flows of a large table takes a while. */
const ANSWER_MS = 120_000;

/** A daemon's answer. */
export interface Reply {
  readonly status: number;
  readonly text: string;
}

function unreachable(socket: string, error: NodeJS.ErrnoException): ControlError {
  const remedies: Readonly<Record<string, string>> = {
    ENOENT: 'start one (systemctl start flowtap), or say where it answers: --socket PATH (control.socket)',
    ECONNREFUSED: 'its daemon has ended: start one, or say where it answers: --socket PATH',
    EACCES: 'its owner and its group may use it, and root: try sudo',
  };
  const { code = error.message } = error;
  return new ControlError(`no daemon answers at ${socket}: ${code}`, {
    remedy: remedies[code] ?? 'say where it answers: --socket PATH',
    cause: error,
  });
}

/**
 * Asks or tells a daemon something.
 * @param socket its control socket
 * @param path with its query
 * @throws ControlError where nobody answers
 */
export function askDaemon(socket: string, method: string, path: string): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const client = request(
      { socketPath: socket, path, method, agent: false, timeout: ANSWER_MS },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => {
          text += part;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      },
    );
    client.on('timeout', () => client.destroy(new Error(`no answer within ${ANSWER_MS / 1e3} s`)));
    client.on('error', (error) => reject(unreachable(socket, error)));
    client.end();
  });
}

/** The daemon's refusal, in words. */
export function refusalOf({ text }: Reply): string {
  try {
    const {
      message,
      error,
      faults = [],
    } = JSON.parse(text) as {
      message?: string;
      error?: string;
      faults?: readonly ConfigFault[];
    };
    const lines = faults.map((fault) => `${fault.path}: found ${fault.found}; allowed: ${fault.allowed}`);
    return message ?? [error, ...lines].join('\n');
  } catch {
    return text.trimEnd();
  }
}
