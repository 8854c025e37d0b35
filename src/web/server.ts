/**
 * The HTTP server of a live probe, on a TCP port or a Unix socket. It serves the routes that it is given, to anyone who
 * reaches it: over TCP GET and HEAD alone, and on loopback unless told otherwise. What a client can take of it is
 * limited: connections, the size of a request, and time. What the routes say is not known here.
 */
import { type AddressInfo, isIP } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { ListenError } from '../base/errors.ts';
import { formatList } from '../base/units.ts';
import { type Answer, plainAnswer, type Query, type Route } from './route.ts';
import { claimSocket } from './unix-socket.ts';

export interface WebServerOptions {
  /** `ADDRESS:PORT`, IPv6 in brackets; or the path of a Unix socket, which begins with a slash. */
  readonly listen: string;
  readonly routes: readonly Route[];
}

export interface WebServer {
  /** Where it listens, with the port that it got; or the path of the socket. */
  readonly url: string;
  close(): Promise<void>;
}

/** A client that sends or reads nothing for so long is gone. */
const CLIENT_TIMEOUT_MS = 10_000;
/** Sixteen pages, of six connections each as browsers make them, leave room for those who scrape. */
const CONNECTIONS_MAX = 128;
const MISDIRECTED = 421;
/** Of a request: its headers, and its body, which nothing here reads. */
const HEADER_OCTETS_MAX = 16_384;
const BODY_OCTETS_MAX = 16_384;

function send(reply: FastifyReply, { status = 200, contentType, body, headers = {} }: Answer): FastifyReply {
  return reply
    .code(status)
    .header('Content-Type', contentType)
    .header('X-Content-Type-Options', 'nosniff')
    .header('Cache-Control', 'no-store')
    .headers(headers)
    .send(body);
}

function allowedMethods(isTcp: boolean): readonly string[] {
  return isTcp ? ['GET', 'HEAD'] : ['GET', 'HEAD', 'POST'];
}

/** Whether a Host header (RFC 9110 section 7.2) names an address, or localhost. */
function isNamedLocally(host: string | undefined): boolean {
  const name = (host ?? '').replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1');
  return isIP(name) !== 0 || /^(.+\.)?localhost$/i.test(name);
}

/** Whether a request for something guarded came over loopback by a name that is not this host's. */
function isMisdirected({ socket, headers }: FastifyRequest): boolean {
  const isLoopback = /^(::ffff:)?127\.|^::1$/.test(socket.localAddress ?? '');
  return isLoopback && !isNamedLocally(headers.host);
}

function refuseHost(reply: FastifyReply, host: string | undefined): FastifyReply {
  const text = `asked for as ${host ?? 'nothing'}; allowed: localhost or an address, as this is served on loopback`;
  return send(reply, plainAnswer(MISDIRECTED, text));
}

function createApp(routes: readonly Route[], isTcp: boolean): FastifyInstance {
  const app = Fastify({
    logger: false,
    bodyLimit: BODY_OCTETS_MAX,
    requestTimeout: CLIENT_TIMEOUT_MS,
    connectionTimeout: CLIENT_TIMEOUT_MS,
    keepAliveTimeout: CLIENT_TIMEOUT_MS,
    forceCloseConnections: true,
    http: { maxHeaderSize: HEADER_OCTETS_MAX, headersTimeout: CLIENT_TIMEOUT_MS },
  });
  app.server.maxConnections = CONNECTIONS_MAX;
  app.server.setTimeout(CLIENT_TIMEOUT_MS, (socket) => socket.destroy());
  const methods = allowedMethods(isTcp);
  app.addHook('onRequest', async (request, reply) => {
    if (methods.includes(request.method)) return undefined;
    const refusal = plainAnswer(405, `only ${formatList(methods, 'and')}`);
    return send(reply.header('Allow', methods.join(', ')), refusal);
  });
  const paths = new Set<string>();
  for (const { path, method = 'GET', isStream = false, isGuarded, isPartOfPage, answer } of routes) {
    if (isTcp && method !== 'GET') continue;
    if (!isPartOfPage) paths.add(path);
    app.route({
      url: path,
      method,
      exposeHeadRoute: method === 'GET' && !isStream,
      handler: async (request, reply) => {
        if (isTcp && isGuarded && isMisdirected(request)) return refuseHost(reply, request.headers.host);
        return send(reply, await answer(request.query as Query, path));
      },
    });
  }
  const notFound = `not found; there are ${formatList([...paths], 'and')}`;
  app.setNotFoundHandler((_request, reply) => send(reply, plainAnswer(404, notFound)));
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) =>
    send(reply, plainAnswer(error.statusCode ?? 500, error.message)),
  );
  return app;
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

async function listenOnPort(app: FastifyInstance, listen: string): Promise<string> {
  const { host, port } = splitListen(listen);
  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    throw listenError(listen, error as NodeJS.ErrnoException);
  }
  const address = app.server.address() as AddressInfo;
  const shown = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${shown}:${address.port}`;
}

/**
 * Starts a server.
 * @throws ListenError when the address or the socket cannot be had
 */
export async function startWebServer({ listen, routes }: WebServerOptions): Promise<WebServer> {
  const isTcp = !listen.startsWith('/');
  const app = createApp(routes, isTcp);
  const url = isTcp ? await listenOnPort(app, listen) : await claimSocket(app, listen);
  return { url, close: () => app.close() };
}
