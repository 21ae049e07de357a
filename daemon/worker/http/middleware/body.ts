/**
 * Reads JSON bodies; the owner of koa-body. It leaves gaps that are closed here: other and missing content types,
 * encodings, bodies where none is wanted, invalid UTF-8 (which it turns into U+FFFD), depth, and hostile or repeated keys.
 */
import type { IncomingMessage } from 'node:http';
import { koaBody } from 'koa-body';
import { GatewayError } from '../../../../shared/errors.js';
import type { HttpContext, HttpMiddleware } from '../context.js';
import { checkJson } from './json-guard.js';

const MAX_PARSERS = 4;
const METHODS = ['POST', 'PUT', 'PATCH', 'DELETE'];

function refuse(message: string): GatewayError {
  return new GatewayError('INVALID_REQUEST', { message });
}

/** Whether the request's header announces a body. */
export function hasBody({ headers }: IncomingMessage): boolean {
  const { 'content-length': length, 'transfer-encoding': encoding } = headers;
  return encoding !== undefined || (length !== undefined && length !== '0');
}

function unsupported(message: string): GatewayError {
  return new GatewayError('UNSUPPORTED_MEDIA_TYPE', { message });
}

/** @param types  that are taken. @returns the one that it is. @throws UNSUPPORTED_MEDIA_TYPE */
export function checkHeaders(ctx: HttpContext, types: readonly string[] = ['application/json']): string {
  const encoding = ctx.get('Content-Encoding').trim().toLowerCase();
  if (encoding !== '' && encoding !== 'identity')
    throw unsupported(`Bodies with Content-Encoding '${encoding.slice(0, 40)}' are not read. Send it unencoded.`);
  const [given = '', ...parameters] = ctx.get('Content-Type').split(';');
  const type = given.trim().toLowerCase();
  if (!types.includes(type)) {
    throw unsupported(`The body's Content-Type is '${given.trim().slice(0, 80)}'; it must be ${types.join(' or ')}.`);
  }
  const charset = parameters.map((parameter) => /^\s*charset="?([^"\s]*)"?\s*$/i.exec(parameter)?.[1]).find((value) => value !== undefined);
  if (charset !== undefined && !/^utf-?8$/i.test(charset))
    throw unsupported(`The charset '${charset.slice(0, 40)}' is not read; JSON is UTF-8.`);
  return type;
}

function typeOf(error: unknown): string {
  return error instanceof Error && 'type' in error && typeof error.type === 'string' ? error.type : '';
}

function tooLarge(limitBytes: number): GatewayError {
  return new GatewayError('PAYLOAD_TOO_LARGE', { message: `The body is larger than ${limitBytes} bytes (gateway.maxBodyBytes).` });
}

/** Rewords an error of koa-body. Its messages and properties contain the body, which must not be logged. */
function bodyError(error: unknown, limitBytes: number): unknown {
  if (typeOf(error) === 'entity.too.large') return tooLarge(limitBytes);
  if (typeOf(error) === 'request.aborted') return refuse('The client went away before its body had arrived.');
  if (!(error instanceof SyntaxError)) return error;
  if (error.message.includes('prototype property')) return refuse("The body has the key '__proto__', which is not allowed.");
  if (error.message.includes('only supports object')) return refuse('The body must be a JSON object.');
  const position = /position \d+/.exec(error.message)?.[0];
  return refuse(`The body is not valid JSON${position === undefined ? '' : ` (at ${position})`}.`);
}

/** Reads and checks one body. */
export type ReadJson = (ctx: HttpContext, minimumLimit?: number) => Promise<unknown>;

/**
 * @param maxBodyBytes  the live limit, in bytes.
 * @returns the reader. @throws INVALID_REQUEST, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE
 */
export function createReadJson(maxBodyBytes: () => number): ReadJson {
  const parsers = new Map<number, HttpMiddleware>();
  const parserFor = (limitBytes: number): HttpMiddleware => {
    // The limit can change at any time: parsers for former limits are dropped.
    if (parsers.size >= MAX_PARSERS) parsers.clear();
    const run = parsers.get(limitBytes) ?? createParser(limitBytes);
    parsers.set(limitBytes, run);
    return run;
  };
  return async (ctx, minimumLimit = 0) => {
    if (!hasBody(ctx.req)) return undefined;
    checkHeaders(ctx);
    const limitBytes = Math.max(maxBodyBytes(), minimumLimit);
    if (Number(ctx.get('Content-Length')) > limitBytes) throw tooLarge(limitBytes);
    if (/^100-continue$/i.test(ctx.get('Expect'))) ctx.res.writeContinue();
    const chunks: Buffer[] = [];
    const collect = (chunk: Buffer): void => void chunks.push(chunk);
    try {
      // The parser attaches its own listener in this same turn, so both see every chunk.
      const parsed = parserFor(limitBytes)(ctx, () => Promise.resolve());
      ctx.req.on('data', collect);
      await parsed;
    } catch (error) {
      throw bodyError(error, limitBytes);
    } finally {
      ctx.req.off('data', collect);
    }
    const { body } = ctx.request;
    if (body === undefined) throw unsupported("The body's Content-Type could not be read; it must be application/json.");
    const [first] = chunks;
    const rawBody = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks);
    ctx.state.rawBody = rawBody;
    checkJson(body, rawBody);
    return body;
  };
}

function createParser(limitBytes: number): HttpMiddleware {
  const parse = koaBody({ jsonLimit: limitBytes, urlencoded: false, text: false, patchNode: false, parsedMethods: METHODS as never });
  return parse as HttpMiddleware;
}

/** For routes that take no body. @throws INVALID_REQUEST when there is one */
export function refuseBody(ctx: HttpContext): void {
  if (hasBody(ctx.req)) throw refuse(`${ctx.method} ${ctx.path.slice(0, 200)} takes no body.`);
}
