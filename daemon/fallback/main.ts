/**
 * The fallback: answers every request with 503 and the reason while no worker runs. Depends only on Node, so that whatever broke
 * the worker cannot break it.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Server as NetServer } from 'node:net';
import type { FallbackBoot, FallbackMessage } from '../../shared/ipc/messages.js';
import { newId } from '../../shared/ids.js';
import { readBootDocument } from '../../shared/node/process/env.js';
import { startParentGuard } from '../../shared/node/process/parent-guard.js';
import { escapeHtml } from '../../shared/text/html.js';
import { sayOfGateway } from '../../shared/text/sentences/gateway.js';
import { knownSentence } from '../../shared/text/sentences/known.js';

const BACKLOG = 4_096;
const REQUEST_LIMIT_MS = 5_000;

function errorBody(boot: FallbackBoot): string {
  const message = sayOfGateway('worker-not-running', { reason: boot.reason });
  return JSON.stringify({
    error: {
      code: 'UNAVAILABLE',
      message,
      requestId: newId('req'),
      details: { retryAfterSeconds: boot.retryAfterSeconds, ...knownSentence(message) },
    },
  });
}

const STYLE = `:root{color-scheme:light dark;--ground:#f6f6f3;--panel:#fff;--line:#dcdcd5;--text:#1d201e;--muted:#5a5f5b;--bad:#b42318}
@media (prefers-color-scheme:dark){:root{--ground:#121415;--panel:#1a1d1e;--line:#31363a;--text:#e8eae8;--muted:#a3aba7;--bad:#ff8f82}}
body{margin:0;padding:10vh 16px;background:var(--ground);color:var(--text);font:16px/1.6 system-ui,sans-serif}
main{max-width:560px;margin:0 auto;padding:24px 28px;border:1px solid var(--line);border-radius:10px;background:var(--panel)}
h1{margin:0 0 12px;font-size:20px}p{margin:8px 0}code{font-size:14px}
.reason{padding:10px 14px;border-left:3px solid var(--bad);background:var(--ground);overflow-wrap:anywhere}.muted{color:var(--muted);font-size:14px}`;

/** The page polls its own address, which may be below a proxy's path, until something other than this page answers. */
const SCRIPT = `setInterval(()=>fetch(location.href,{cache:'no-store'}).then((answer)=>answer.status<500&&location.reload(),()=>0),3000)`;

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Only this style and script are allowed, by their hashes. */
const POLICY = `default-src 'none'; style-src ${hashOf(STYLE)}; script-src ${hashOf(SCRIPT)}; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`;

/** The page shown in browsers that have not loaded the real page. */
function page({ reason, lastExitAt }: FallbackBoot): string {
  const since =
    lastExitAt === null
      ? ''
      : `<p class="muted">The last worker exited at <time datetime="${escapeHtml(lastExitAt)}">${escapeHtml(lastExitAt)}</time>.</p>`;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>xopc gateway: not available</title><style>${STYLE}</style></head><body><main><h1>The gateway is not available right now</h1><p>Its worker is not running:</p><p class="reason">${escapeHtml(reason)}</p>${since}<p>It is restarted automatically, and this page opens as soon as it is back. Accepted messages are kept.</p><p>On the gateway’s machine, <code>xopc gateway status</code> and <code>xopc gateway logs</code> show details.</p></main><script>${SCRIPT}</script></body></html>`;
}

/**
 * Redirects a browser to the same address, so that it tries again on a new connection, which reaches a worker. The old connection
 * dates from the outage, was perhaps opened in advance, and may carry the request for a file of the page. Relative, because a proxy
 * may publish the gateway below a path.
 */
function sendAgain({ url = '/' }: IncomingMessage, response: ServerResponse): void {
  const path = url.split('?', 1)[0] ?? '';
  response.writeHead(307, {
    Location: `./${url.slice(path.lastIndexOf('/') + 1)}`,
    'Cache-Control': 'no-store',
    'Content-Length': 0,
    Connection: 'close',
  });
  response.end();
}

function answer(request: IncomingMessage, response: ServerResponse, boot: FallbackBoot): void {
  const isHtml = (request.headers.accept ?? '').includes('text/html');
  const body = isHtml ? page(boot) : errorBody(boot);
  response.writeHead(503, {
    'Content-Type': isHtml ? 'text/html; charset=utf-8' : 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    'Retry-After': String(boot.retryAfterSeconds),
    'Cache-Control': 'no-store',
    'Content-Security-Policy': POLICY,
    'X-Content-Type-Options': 'nosniff',
    Connection: 'close',
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** Time that a drain gives a connected client to send its request; the supervisor kills the fallback later than that. */
const DRAIN_LIMIT_MS = 1_000;

/**
 * A worker accepts again: accept no new connections, and answer the open ones. `http.Server.close()` would reset those without a
 * request yet.
 */
function drain(server: Server): void {
  NetServer.prototype.close.call(server, () => process.exit(0));
  tell('closed');
  setTimeout(() => process.exit(0), DRAIN_LIMIT_MS);
}

const tell = (type: FallbackMessage['type']): void => void process.send?.({ type } satisfies FallbackMessage);

export function main(): Promise<undefined> {
  let boot = readBootDocument() as FallbackBoot;
  startParentGuard(boot.supervisorPid);
  const server = createServer({ requestTimeout: REQUEST_LIMIT_MS, headersTimeout: REQUEST_LIMIT_MS }, (request, response) => {
    const { headers, method, url = '' } = request;
    const isOfBrowser = method === 'GET' && headers['sec-fetch-mode'] !== undefined && /^[!-~]+$/.test(url);
    if (!server.listening && isOfBrowser) sendAgain(request, response);
    else answer(request, response, boot);
  });
  server.maxConnections = 1_024;
  process.on('message', (message: { type: string } & Partial<FallbackBoot>, handle: unknown) => {
    if (message.type === 'listen') server.listen(handle as object, BACKLOG);
    if (message.type === 'drain') drain(server);
    if (message.type === 'reason')
      boot = {
        ...boot,
        reason: message.reason ?? boot.reason,
        retryAfterSeconds: message.retryAfterSeconds ?? boot.retryAfterSeconds,
        lastExitAt: message.lastExitAt ?? boot.lastExitAt,
      };
  });
  server.on('error', () => process.exit(1));
  process.on('disconnect', () => process.exit(0));
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
  tell('ready');
  return Promise.resolve(undefined);
}
