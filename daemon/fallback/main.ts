/**
 * The fallback: answers every request 503 with the reason while no worker can live. No dependency but Node, so that
 * whatever broke the worker cannot break it.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Server as NetServer } from 'node:net';
import type { FallbackBoot } from '../../shared/ipc/messages.js';
import { newId } from '../../shared/ids.js';
import { readBootDocument } from '../../shared/node/env.js';
import { startParentGuard } from '../../shared/node/parent-guard.js';
import { escapeHtml } from '../../shared/html.js';

const BACKLOG = 4_096;
const REQUEST_LIMIT_MS = 5_000;

function errorBody(boot: FallbackBoot): string {
  const message = `the gateway's worker is not running: ${boot.reason}`;
  return JSON.stringify({
    error: { code: 'UNAVAILABLE', message, requestId: newId('req'), details: { retryAfterSeconds: boot.retryAfterSeconds } },
  });
}

function page(boot: FallbackBoot): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><meta http-equiv="refresh" content="5"><title>xopc gateway: not available</title><h1>The gateway is not available right now</h1><p>Its worker is not running: ${escapeHtml(boot.reason)}.</p><p>It tries again by itself; this page looks again every 5 seconds. On the gateway's machine, <code>xopc gateway status</code> and <code>xopc gateway logs</code> say more.</p></html>`;
}

function answer(request: IncomingMessage, response: ServerResponse, boot: FallbackBoot): void {
  const isHtml = (request.headers.accept ?? '').includes('text/html');
  const body = isHtml ? page(boot) : errorBody(boot);
  response.writeHead(503, {
    'Content-Type': isHtml ? 'text/html; charset=utf-8' : 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    'Retry-After': String(boot.retryAfterSeconds),
    'Cache-Control': 'no-store',
    'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
    'X-Content-Type-Options': 'nosniff',
    Connection: 'close',
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** What a drain leaves a client that is connected and has not asked yet; the supervisor kills later. */
const DRAIN_LIMIT_MS = 1_000;

/**
 * A worker accepts again: no new connections, and those that are here get their answer. `http.Server.close()` would
 * reset the ones that have not asked yet.
 */
function drain(server: Server): void {
  NetServer.prototype.close.call(server, () => process.exit(0));
  setTimeout(() => process.exit(0), DRAIN_LIMIT_MS);
}

export function main(): Promise<undefined> {
  let boot = readBootDocument() as FallbackBoot;
  startParentGuard(boot.supervisorPid);
  const server = createServer({ requestTimeout: REQUEST_LIMIT_MS, headersTimeout: REQUEST_LIMIT_MS }, (request, response) =>
    answer(request, response, boot),
  );
  server.maxConnections = 1_024;
  process.on('message', (message: { type: string } & Partial<FallbackBoot>, handle: unknown) => {
    if (message.type === 'listen') server.listen(handle as object, BACKLOG);
    if (message.type === 'drain') drain(server);
    if (message.type === 'reason')
      boot = { ...boot, reason: message.reason ?? boot.reason, retryAfterSeconds: message.retryAfterSeconds ?? boot.retryAfterSeconds };
  });
  server.on('error', () => process.exit(1));
  process.on('disconnect', () => process.exit(0));
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
  return Promise.resolve(undefined);
}
