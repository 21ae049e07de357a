/**
 * `POST /mcp`: the gateway as a server of the Model Context Protocol. Keeps no client state between requests, except for running
 * calls.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { type McpMessage, mcpAnswer, mcpMessage } from '../../../../shared/api/tools/mcp-server.js';
import type { Clock } from '../../../../shared/clock.js';
import { GatewayError } from '../../../../shared/errors.js';
import { newId } from '../../../../shared/ids.js';
import { EVENT_STREAM_HEADERS } from '../../../../shared/node/server-sent-events.js';
import type { Connections } from '../connection/connections.js';
import type { HttpContext, HttpLogger } from '../context.js';
import { type Route, route } from '../route.js';
import type { Services } from '../services.js';
import type { ToolCaller } from './tool.js';

/** The services behind the tools. */
export type McpServices = Pick<Services, 'agent' | 'messages' | 'sessions' | 'archive' | 'cron' | 'status'>;

export interface McpServerDeps {
  readonly services: McpServices;
  readonly clock: Clock;
  readonly logger: HttpLogger;
  readonly version: string;
}

/** Answers one message. `headers`: those of the request that the protocol reads. */
export type McpServer = (asked: { message: McpMessage; headers: Headers; caller: ToolCaller }) => Promise<Response>;

/** Exports of the bundle that speaks the protocol, loaded with the first request (`daemon/worker/lazy/mcp.ts`). */
export interface McpModule {
  readonly createMcpServer: (deps: McpServerDeps) => Promise<McpServer>;
}

export interface McpRouteDeps extends McpServerDeps {
  readonly connections: Connections;
  readonly load: () => McpModule;
}

function protocolHeaders(headers: IncomingHttpHeaders): Headers {
  const read = new Headers();
  for (const [name, value] of Object.entries(headers))
    if (typeof value === 'string' && (name === 'accept' || name === 'content-type' || name.startsWith('mcp-'))) read.set(name, value);
  return read;
}

async function pass(response: Response, ctx: HttpContext): Promise<void> {
  const type = response.headers.get('Content-Type');
  if (response.body === null) {
    // Koa would write "null".
    ctx.remove('Content-Type');
    ctx.body = null;
  } else if (type?.startsWith('text/event-stream') === true) {
    ctx.set(EVENT_STREAM_HEADERS);
    ctx.body = Readable.fromWeb(response.body as ReadableStream);
  } else {
    const text = await response.text();
    ctx.set('Content-Type', 'application/json; charset=utf-8');
    ctx.body = text;
  }
  // Set last, because Koa sets a status with the body.
  ctx.status = response.status;
}

/**
 * The client id to which a call belongs. The gateway that the client first contacted chose it; every other gateway accepts it
 * unchanged.
 */
const SESSION = 'Mcp-Session-Id';

/**
 * The requests in progress, so that their clients can cancel them: revisions before 2026 do so in a separate request. All clients
 * number their requests the same way, so the session is needed to tell them apart.
 */
class RunningRequests {
  readonly #running = new Map<string, AbortController>();

  /** Runs the handler of a request. @param answer  sets the body; its signal aborts when the client cancels the request */
  async run(ctx: HttpContext, id: unknown, answer: (cancelled: AbortSignal) => Promise<void>): Promise<void> {
    const controller = new AbortController();
    const key = keyOf(ctx, id);
    const end = (): void => {
      if (this.#running.get(key) === controller) this.#running.delete(key);
    };
    this.#running.set(key, controller);
    try {
      await answer(controller.signal);
    } finally {
      if (ctx.body instanceof Readable) ctx.body.once('close', end);
      else end();
    }
  }

  cancel(ctx: HttpContext, id: unknown): void {
    this.#running.get(keyOf(ctx, id))?.abort(new GatewayError('UNAVAILABLE', { message: 'the client cancelled the call' }));
  }
}

const keyOf = (ctx: HttpContext, id: unknown): string => JSON.stringify([ctx.state.access?.id, ctx.get(SESSION), id]);

export function mcpRoutes({ connections, load, ...deps }: McpRouteDeps): Route[] {
  let server: Promise<McpServer> | undefined;
  const requests = new RunningRequests();
  return [
    route({
      method: 'POST',
      path: '/mcp',
      // Each tool requires the scope of its API operation.
      scope: 'any',
      summary: 'Speak the Model Context Protocol (streamable HTTP): list and call the gateway’s tools',
      media: { 'text/event-stream': 'JSON-RPC messages: notifications of progress, then the answer' },
      stream: { name: 'McpMessage', data: mcpAnswer },
      body: mcpMessage,
      answer: mcpAnswer,
      async handle(ctx, { body }) {
        const { access, requestId, span } = ctx.state;
        const { id, method, params } = body;
        const hasSession = ctx.get(SESSION) !== '';
        if (method === 'initialize') ctx.set(SESSION, newId('mcp'));
        if (method === 'notifications/cancelled' && hasSession) requests.cancel(ctx, params?.['requestId']);
        const ended = connections.abortable(ctx.res, 'stream');
        const run = async (signal: AbortSignal): Promise<void> => {
          const answer = await (server ??= load().createMcpServer(deps));
          const headers = protocolHeaders(ctx.req.headers);
          await pass(await answer({ message: body, headers, caller: { access, requestId, span, signal } }), ctx);
        };
        if (method !== 'tools/call' || !hasSession) await run(ended);
        else await requests.run(ctx, id, (cancelled) => run(AbortSignal.any([ended, cancelled])));
      },
    }),
  ];
}
