/** The one exit for errors: whatever is thrown below leaves as the API's error document. */
import type { IncomingMessage } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../../../shared/clock.js';
import type { HttpContext, HttpLogger, HttpMiddleware } from '../context.js';
import { errorAnswer } from '../error-answer.js';
import { hasBody } from './body.js';

/** A client still sends what nobody wants: that long and that much of it is read away, so that it can read the answer. */
const LINGER_MS = 500;
const LINGER_BYTES = 4_194_304;

/** Whether the body is still on its way. A small one arrives with the header, but is parsed only in the next turn. */
async function isBodyComing(ctx: HttpContext): Promise<boolean> {
  if (!hasBody(ctx)) return false;
  if (!ctx.req.complete) await setImmediate();
  return !ctx.req.complete;
}

/** Reads away what still arrives. @returns when it has ended, or enough is enough */
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
 * Answers while the request's body is still arriving. The connection closes after it (an unread body would be taken for
 * the next request), but not before the client had time to read: closing with unread input resets it.
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

export function errorResponse(logger: HttpLogger, clock: Clock): HttpMiddleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (thrown) {
      const { req: request, path } = ctx;
      const { code, status, headers, body } = errorAnswer(thrown, { request, path, requestId: ctx.state.requestId }, logger);
      if (ctx.headerSent || !ctx.writable) {
        ctx.respond = false;
        ctx.req.socket.destroy();
        return;
      }
      ctx.state.errorCode = code;
      ctx.set(headers);
      ctx.status = status;
      if (await isBodyComing(ctx)) return await answerEarly(ctx, body, clock);
      ctx.body = body;
    }
  };
}
