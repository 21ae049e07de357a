/** Answers with a file that is kept in memory in both its forms, so that a request without a token costs no more than sending it. */
import { gzipSync } from 'node:zlib';
import type { PageFile } from '../../../../shared/node/build/built-page.js';
import { FILE_HEADERS } from '../../../../shared/node/document-headers.js';
import type { HttpContext } from '../context.js';

export type SentFile = Pick<PageFile, 'type' | 'gzip' | 'plain'>;

export function sendFile(ctx: HttpContext, { type, gzip, plain }: SentFile): void {
  ctx.set({ ...FILE_HEADERS, 'Content-Type': type, Vary: 'Accept-Encoding' });
  if (ctx.acceptsEncodings('gzip') === 'gzip') {
    ctx.set('Content-Encoding', 'gzip');
    ctx.body = gzip;
  } else ctx.body = plain();
}

/** Makes a file of a text. */
export function fileOf(type: string, text: string): SentFile {
  const bytes = Buffer.from(text);
  return { type, gzip: gzipSync(bytes), plain: () => bytes };
}
