/**
 * The HTTP server of a live probe: `/metrics` for Prometheus, `/healthz` and `/readyz` for whoever watches over it. It
 * answers GET and HEAD of these alone, to anyone who reaches it, so it listens on loopback unless told otherwise.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ListenError } from '../base/errors.ts';
import type { MetricsText } from './registry.ts';

/** Faults, one line each; none: all is well. */
export type Check = () => readonly string[];

export interface MetricsServerOptions {
  /** `ADDRESS:PORT`, IPv6 in brackets. */
  readonly listen: string;
  readonly metrics: () => Promise<MetricsText>;
  readonly health: Check;
  readonly readiness: Check;
}

export interface MetricsServer {
  /** Where it listens, with the port that it got. */
  readonly url: string;
  close(): Promise<void>;
}

const PLAIN = 'text/plain; charset=utf-8';
/** A client that sends or reads nothing for so long is gone. */
const CLIENT_TIMEOUT_MS = 10_000;
const CONNECTIONS_MAX = 64;

function answer(response: ServerResponse, status: number, contentType: string, body: string): void {
  response.writeHead(status, {
    'Content-Type': contentType,
    'Content-Length': Buffer.byteLength(body),
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(body);
}

function answerCheck(response: ServerResponse, check: Check): void {
  const faults = check();
  answer(response, faults.length === 0 ? 200 : 503, PLAIN, `${faults.join('\n') || 'ok'}\n`);
}

async function handle(
  { metrics, health, readiness }: MetricsServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    answer(response, 405, PLAIN, 'only GET and HEAD\n');
    return;
  }
  const path = request.url?.split('?')[0];
  if (path === '/metrics') {
    const { contentType, body } = await metrics();
    answer(response, 200, contentType, body);
  } else if (path === '/healthz') answerCheck(response, health);
  else if (path === '/readyz') answerCheck(response, readiness);
  else answer(response, 404, PLAIN, 'not found; there are /metrics, /healthz and /readyz\n');
}

/** Host and port of `ADDRESS:PORT`. */
function splitListen(listen: string): { host: string; port: number } {
  const colon = listen.lastIndexOf(':');
  return { host: listen.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(listen.slice(colon + 1)) };
}

function listenError(listen: string, error: NodeJS.ErrnoException): ListenError {
  const remedies: Readonly<Record<string, string>> = {
    EADDRINUSE: 'another program listens there: choose another --metrics (metrics.listen), or none',
    EADDRNOTAVAIL: 'no interface of this machine has that address: correct --metrics (metrics.listen)',
    EACCES: 'ports below 1024 need CAP_NET_BIND_SERVICE: choose a higher one in --metrics (metrics.listen)',
  };
  const { code = String(error) } = error;
  const what = code === 'EADDRINUSE' ? 'the address is in use (EADDRINUSE)' : code;
  return new ListenError(`cannot serve metrics on ${listen}: ${what}`, {
    remedy: remedies[code] ?? 'correct --metrics (metrics.listen), or set it to none',
    cause: error,
  });
}

/**
 * Starts the server.
 * @throws ListenError when the address cannot be had
 */
export async function startMetricsServer(options: MetricsServerOptions): Promise<MetricsServer> {
  const server = createServer({ requestTimeout: CLIENT_TIMEOUT_MS }, (request, response) => {
    handle(options, request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else answer(response, 500, PLAIN, `${error instanceof Error ? error.message : String(error)}\n`);
    });
  });
  server.maxConnections = CONNECTIONS_MAX;
  server.setTimeout(CLIENT_TIMEOUT_MS, (socket) => socket.destroy());
  const { host, port } = splitListen(options.listen);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenError(options.listen, error)));
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  const shown = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    url: `http://${shown}:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
