/**
 * Reads JSON bodies; the owner of koa-body. It leaves gaps that are closed here: other and missing content types, encodings, bodies
 * where none is expected, invalid UTF-8 (which it turns into U+FFFD), depth, and hostile or repeated keys.
 */
import type { IncomingMessage } from 'node:http';
import { koaBody } from 'koa-body';
import { GatewayError } from '../../../../shared/errors.js';
import { checkJson, repairTexts } from '../../../../shared/node/json-guard.js';
import type { HttpContext, HttpMiddleware } from '../context.js';

const MAX_PARSERS = 4;
const FIRST_BYTES = 4_096;
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

/** @param types  the accepted types. @returns the type of the body. @throws UNSUPPORTED_MEDIA_TYPE */
export function checkHeaders(ctx: HttpContext, types: readonly string[] = ['application/json']): string {
  const encoding = ctx.get('Content-Encoding').trim().toLowerCase();
  if (encoding !== '' && encoding !== 'identity')
    throw unsupported(`Bodies with Content-Encoding '${encoding.slice(0, 40)}' are not supported. Send it unencoded.`);
  const [given = '', ...parameters] = ctx.get('Content-Type').split(';');
  const type = given.trim().toLowerCase();
  if (!types.includes(type)) {
    throw unsupported(`The body's Content-Type is '${given.trim().slice(0, 80)}'; it must be ${types.join(' or ')}.`);
  }
  const charset = parameters.map((parameter) => /^\s*charset="?([^"\s]*)"?\s*$/i.exec(parameter)?.[1]).find((value) => value !== undefined);
  if (charset !== undefined && !/^utf-?8$/i.test(charset))
    throw unsupported(`The charset '${charset.slice(0, 40)}' is not supported; JSON is UTF-8.`);
  return type;
}

function typeOf(error: unknown): string {
  return error instanceof Error && 'type' in error && typeof error.type === 'string' ? error.type : '';
}

/** @param setting  where the limit comes from; empty for the route's own limit */
function tooLarge(limitBytes: number, setting = ' (gateway.maxBodyBytes)'): GatewayError {
  return new GatewayError('PAYLOAD_TOO_LARGE', { message: `The body is larger than ${limitBytes} bytes${setting}.` });
}

const NOT_JSON = 'The body is not valid JSON';
/** Whether an error says that a body cannot be parsed. */
export const isNotJson = ({ message }: GatewayError): boolean => message.startsWith(NOT_JSON);

/** Rewords an error of koa-body. Its messages and properties contain the body, which must not be logged. */
function bodyError(error: unknown, larger: () => GatewayError): unknown {
  if (typeOf(error) === 'entity.too.large') return larger();
  if (typeOf(error) === 'request.aborted') return refuse('The client disconnected before its body had arrived.');
  if (!(error instanceof SyntaxError)) return error;
  if (error.message.includes('prototype property')) return refuse("The body has the key '__proto__', which is not allowed.");
  if (error.message.includes('only supports object')) return refuse('The body must be a JSON object.');
  const position = /position \d+/.exec(error.message)?.[0];
  return refuse(`${NOT_JSON}${position === undefined ? '' : ` (at ${position})`}.`);
}

/**
 * Reads a body piece by piece. If it is not read to its end, the connection stays open for the answer. @param refusal  the error
 * for a larger body. @throws INVALID_REQUEST when it ends too early
 */
export async function* chunksOf(
  { req }: HttpContext,
  limitBytes: number,
  refusal: (limitBytes: number) => GatewayError,
): AsyncGenerator<Buffer> {
  let bytes = 0;
  try {
    for await (const chunk of req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > limitBytes) throw refusal(limitBytes);
      yield chunk;
    }
  } catch (error) {
    if (req.destroyed && !req.complete) throw refuse('The client disconnected before its body had arrived.');
    throw error;
  }
}

/** Reads a body into one piece of memory: a client can send it byte by byte, and each piece would cost more than its byte. */
async function bytesOf(ctx: HttpContext, limitBytes: number): Promise<Buffer> {
  let held = Buffer.allocUnsafe(FIRST_BYTES);
  let length = 0;
  for await (const chunk of chunksOf(ctx, limitBytes, tooLarge)) {
    if (length + chunk.length > held.length) held = Buffer.concat([held], 2 * (length + chunk.length));
    length += chunk.copy(held, length);
  }
  return held.subarray(0, length);
}

export interface BodyRules {
  /** Bodies up to this number of bytes are read even if `gateway.maxBodyBytes` is less. */
  readonly minimumLimit?: number | undefined;
  /** Larger ones are refused even if `gateway.maxBodyBytes` is more. */
  readonly maximumLimit?: number | undefined;
  /** Whether it is a call for a model, which may contain any text. */
  readonly isModelCall?: boolean;
  /** Checks who sends these bytes before they are parsed. @throws the refusal */
  readonly authorize?: ((rawBody: Buffer) => Promise<void>) | undefined;
}

export interface ReadBody {
  readonly body: unknown;
  /** The bytes as received. */
  readonly rawBody: Buffer;
}

/** Reads and checks one body; undefined if there is none. */
export type ReadJson = (ctx: HttpContext, rules?: BodyRules) => Promise<ReadBody | undefined>;

/**
 * @param maxBodyBytes  the live limit, in bytes.
 * @returns the reader. @throws INVALID_REQUEST, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE
 */
export function createReadJson(maxBodyBytes: () => number): ReadJson {
  const parsers = new Map<number, HttpMiddleware>();
  const parserFor = (limitBytes: number): HttpMiddleware => {
    // The limit can change at any time; parsers for earlier limits are dropped.
    if (parsers.size >= MAX_PARSERS) parsers.clear();
    const run = parsers.get(limitBytes) ?? createParser(limitBytes);
    parsers.set(limitBytes, run);
    return run;
  };
  return async (ctx, { minimumLimit = 0, maximumLimit = Infinity, isModelCall = false, authorize } = {}) => {
    if (!hasBody(ctx.req)) {
      await authorize?.(Buffer.alloc(0));
      return undefined;
    }
    checkHeaders(ctx);
    const limitBytes = Math.min(Math.max(maxBodyBytes(), minimumLimit), maximumLimit);
    const larger = (): GatewayError => (limitBytes === maximumLimit ? tooLarge(limitBytes, '') : tooLarge(limitBytes));
    if (Number(ctx.get('Content-Length')) > limitBytes) throw larger();
    if (/^100-continue$/i.test(ctx.get('Expect'))) ctx.res.writeContinue();
    try {
      const read =
        authorize === undefined ? await parsed(ctx, parserFor(limitBytes)) : await proven(await bytesOf(ctx, limitBytes), authorize);
      checkJson(read.body, { name: 'body', source: read.rawBody, isModelCall });
      if (isModelCall) repairTexts(read.body);
      return read;
    } catch (error) {
      throw bodyError(error, larger);
    }
  };
}

/** Parses a body whose bytes prove who sends them: nothing of it is parsed before that. */
async function proven(rawBody: Buffer, authorize: (rawBody: Buffer) => Promise<void>): Promise<ReadBody> {
  await authorize(rawBody);
  const text = new TextDecoder().decode(rawBody);
  if (!/^\s*(?:[[{]|$)/.test(text)) throw refuse('The body must be a JSON object.');
  return { body: text === '' ? {} : (JSON.parse(text) as unknown), rawBody };
}

async function parsed(ctx: HttpContext, parse: HttpMiddleware): Promise<ReadBody> {
  const chunks: Buffer[] = [];
  const collect = (chunk: Buffer): void => void chunks.push(chunk);
  try {
    // The parser attaches its own listener in this same turn, so both see every chunk.
    const done = parse(ctx, () => Promise.resolve());
    ctx.req.on('data', collect);
    await done;
  } finally {
    ctx.req.off('data', collect);
  }
  const { body } = ctx.request;
  if (body === undefined) throw unsupported("The body's Content-Type could not be read; it must be application/json.");
  const [first] = chunks;
  return { body, rawBody: chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks) };
}

function createParser(limitBytes: number): HttpMiddleware {
  const parse = koaBody({ jsonLimit: limitBytes, urlencoded: false, text: false, patchNode: false, parsedMethods: METHODS as never });
  return parse as HttpMiddleware;
}

/** For routes that take no body. @throws INVALID_REQUEST when there is one */
export function refuseBody(ctx: HttpContext): void {
  if (hasBody(ctx.req)) throw refuse(`${ctx.method} ${ctx.path.slice(0, 200)} takes no body.`);
}
