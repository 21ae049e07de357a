/** Streams the text of bodies that are too long to be held in memory. */
import { GatewayError } from '../../../../shared/errors.js';
import type { HttpContext } from '../context.js';
import { checkHeaders, chunksOf, hasBody } from './body.js';

export interface Upload {
  readonly type: string;
  /** @throws PAYLOAD_TOO_LARGE; INVALID_REQUEST for a body that is not UTF-8 or ends too early */
  readonly text: AsyncIterable<string>;
}

/** @param types  the accepted types. @throws INVALID_REQUEST, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE */
export type OpenUpload = (ctx: HttpContext, types: readonly string[]) => Upload;

function tooLarge(limitBytes: number): GatewayError {
  return new GatewayError('PAYLOAD_TOO_LARGE', { message: `The file is larger than ${limitBytes} bytes (gateway.maxImportBytes).` });
}

const broken = (message: string): GatewayError => new GatewayError('INVALID_REQUEST', { message });

function decode(decoder: InstanceType<typeof TextDecoder>, chunk?: Buffer): string {
  try {
    return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
  } catch {
    throw broken('The file is not valid UTF-8.');
  }
}

async function* textOf(ctx: HttpContext, limitBytes: number): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for await (const chunk of chunksOf(ctx, limitBytes, tooLarge)) yield decode(decoder, chunk);
  yield decode(decoder);
}

/** @param maxImportBytes  the live limit, in bytes */
export function createOpenUpload(maxImportBytes: () => number): OpenUpload {
  return (ctx, types) => {
    if (!hasBody(ctx.req)) throw broken(`${ctx.method} ${ctx.path.slice(0, 200)} needs a file as its body.`);
    const type = checkHeaders(ctx, types);
    const limitBytes = maxImportBytes();
    if (Number(ctx.get('Content-Length')) > limitBytes) throw tooLarge(limitBytes);
    if (/^100-continue$/i.test(ctx.get('Expect'))) ctx.res.writeContinue();
    return { type, text: textOf(ctx, limitBytes) };
  };
}
