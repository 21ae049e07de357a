/**
 * Wraps every request: removes the base path, and adds to its answer a request id, the common headers, a log line, and an error
 * document for a thrown error.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../../../shared/clock.js';
import { newId } from '../../../../shared/ids.js';
import { ANSWER_HEADERS } from '../../../../shared/node/document-headers.js';
import { pathKind } from '../admission/paths.js';
import type { HttpContext, HttpLogger, HttpMiddleware } from '../context.js';
import { errorAnswer } from '../error-answer.js';
import type { TraceStarter } from '../../tracing/span.js';
import type { RequestLog } from '../observe/request-log.js';
import { beginRequestSpan } from '../observe/request-span.js';
import { hasBody } from './body.js';
import type { AdmissionRules } from '../admission/rules.js';
import { setPublicAddress } from './public-address.js';

/**
 * A client may still be sending an unneeded body; it is read for this long, up to this size, so that the client can read the
 * answer.
 */
const LINGER_MS = 500;
const LINGER_BYTES = 4_194_304;

/** A caller's id goes into a header and into the log, so only plain characters are accepted. */
const CALLER_ID = /^[A-Za-z0-9._~:-]{1,128}$/;

function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && CALLER_ID.test(given) ? given : newId('req');
}

/** Sets the headers of every answer, which is JSON unless its route sets another type. */
function setCommonHeaders(response: ServerResponse, requestId: string): void {
  response.setHeader('x-request-id', requestId);
  response.setHeader('content-type', 'application/json; charset=utf-8');
  for (const [name, value] of ANSWER_HEADERS) response.setHeader(name, value);
}

/** Whether the body is still arriving. A small one arrives with the header, but is parsed only in the next turn of the event loop. */
async function isBodyComing({ req }: HttpContext): Promise<boolean> {
  if (!hasBody(req)) return false;
  if (!req.complete) await setImmediate();
  return !req.complete;
}

/** Reads and drops the rest of the body. Resolves at its end, or at a limit */
function discard(request: IncomingMessage, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(LINGER_MS, done);
    let bytes = 0;
    function done(): void {
      cancel();
      resolve();
    }
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > LINGER_BYTES) done();
    });
    request.once('end', done);
    request.once('close', done);
    request.resume();
  });
}

/**
 * Answers while the request's body is still arriving. The connection closes after it (an unread body would be taken for the next
 * request), but not before the client had time to read: closing with unread input would reset the connection.
 */
async function answerEarly(ctx: HttpContext, body: string, clock: Clock): Promise<void> {
  ctx.respond = false;
  ctx.res.shouldKeepAlive = false;
  ctx.res.setHeader('Content-Length', Buffer.byteLength(body));
  if (ctx.method === 'HEAD') ctx.res.flushHeaders();
  else ctx.res.write(body);
  await discard(ctx.req, clock);
  ctx.res.end();
}

async function answerError(ctx: HttpContext, thrown: unknown, { logger, clock }: AnswerDeps): Promise<void> {
  const { req: request, path, state } = ctx;
  const { code, status, headers, body } = errorAnswer(thrown, { request, path, requestId: state.requestId, span: state.span }, logger);
  if (ctx.headerSent || !ctx.writable) {
    ctx.respond = false;
    request.socket.destroy();
    return;
  }
  state.errorCode = code;
  ctx.set(headers);
  ctx.status = status;
  if (await isBodyComing(ctx)) await answerEarly(ctx, body, clock);
  else ctx.body = body;
}

export interface AnswerDeps {
  readonly rules: () => AdmissionRules;
  readonly log: RequestLog;
  readonly tracing?: TraceStarter | undefined;
  readonly logger: HttpLogger;
  readonly clock: Clock;
}

/** Health checks are neither counted nor logged nor traced, because they are constantly requested. */
export function answer(deps: AnswerDeps): HttpMiddleware {
  return async (ctx, next) => {
    setPublicAddress(ctx, deps.rules());
    const requestId = requestIdOf(ctx.req);
    ctx.state.requestId = requestId;
    setCommonHeaders(ctx.res, requestId);
    if (pathKind(ctx.path) !== 'health') {
      if (deps.tracing !== undefined) beginRequestSpan(deps.tracing, ctx);
      deps.log.begin(ctx);
    }
    try {
      await next();
    } catch (thrown) {
      await answerError(ctx, thrown, deps);
    }
  };
}
