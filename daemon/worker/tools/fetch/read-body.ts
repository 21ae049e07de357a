/** Reads an answer's body: bounded before and after it is unpacked. */
import type { IncomingMessage } from 'node:http';
import type { Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { readUpTo } from '../../../../shared/node/collect.js';
import { ToolError } from '../tool.js';

function decoderFor(encoding: string | undefined): Transform | undefined {
  switch (encoding?.trim().toLowerCase()) {
    case undefined:
    case '':
    case 'identity':
      return undefined;
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    default:
      throw new ToolError(`the response has the unsupported encoding '${encoding?.slice(0, 40)}'`);
  }
}

export interface Body {
  readonly bytes: Buffer;
  /** There was more. */
  readonly isCut: boolean;
}

/** @throws ToolError, or the connection's error */
export async function readBody(response: IncomingMessage, maxBytes: number): Promise<Body> {
  const decoder = decoderFor(response.headers['content-encoding']);
  // The decoder must learn of a broken connection, and the connection end with the decoder.
  response.once('error', (error) => decoder?.destroy(error));
  const source: Readable = decoder === undefined ? response : response.pipe(decoder);
  try {
    const { bytes, isWhole } = await readUpTo(source, maxBytes);
    return { bytes, isCut: !isWhole };
  } finally {
    response.destroy();
    decoder?.destroy();
  }
}
