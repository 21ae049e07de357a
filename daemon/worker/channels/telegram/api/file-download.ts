/** Streams a file from Telegram. Its address contains the bot's token; neither leaves this file, not even in errors. */
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { OpenedFile } from '../../channel.js';

/** https://core.telegram.org/bots/api#getfile: bots can read files of up to 20 MB. */
export const MAX_FILE_BYTES = 20 * 1_048_576;

export interface Download {
  /** Without its trailing slash. */
  readonly apiRoot: string;
  readonly token: string;
  /** As `getFile` gave it. */
  readonly filePath: string;
  readonly signal: AbortSignal;
}

/** A download that receives nothing for this long is aborted. */
const IDLE_MS = 20_000;
const TOO_LARGE = `the file is larger than ${MAX_FILE_BYTES / 1_048_576} MB`;

/** Encodes each part of the path, so that none leads out of the bot's directory. */
function addressOf({ apiRoot, token, filePath }: Download): URL | undefined {
  const parts = filePath.split('/');
  if (filePath === '' || parts.some((part) => part === '' || part === '.' || part === '..')) return undefined;
  return new URL(`${apiRoot}/file/bot${token}/${parts.map(encodeURIComponent).join('/')}`);
}

async function* limited(response: IncomingMessage): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_FILE_BYTES) throw new Error(TOO_LARGE);
    yield chunk;
  }
}

function openResponse(response: IncomingMessage): OpenedFile {
  const { statusCode: status = 0, headers } = response;
  const sizeBytes = headers['content-length'] === undefined ? undefined : Number(headers['content-length']);
  const isTooLarge = status === 200 && sizeBytes !== undefined && sizeBytes > MAX_FILE_BYTES;
  if (status === 200 && !isTooLarge) return { type: 'opened', sizeBytes, bytes: limited(response) };
  response.destroy();
  if (isTooLarge) return { type: 'missing', reason: TOO_LARGE };
  const reason = `Telegram answered ${status} to the file request`;
  return { type: status === 429 || status >= 500 ? 'failed' : 'missing', reason };
}

/** Never rejects; reading the opened file may. */
export function downloadFile(download: Download): Promise<OpenedFile> {
  const url = addressOf(download);
  if (url === undefined)
    return Promise.resolve({ type: 'missing', reason: 'this Bot API server keeps its files locally and does not serve them' });
  return new Promise((resolve) => {
    const { signal } = download;
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
      agent: false,
      signal,
      headers: { 'User-Agent': 'xopc' },
    });
    request.setTimeout(IDLE_MS, () => request.destroy(new Error(`no data for ${IDLE_MS / 1_000} s`)));
    request.once('response', (response) => resolve(openResponse(response)));
    request.on('error', (error: NodeJS.ErrnoException) =>
      resolve({ type: 'failed', reason: `Telegram cannot be reached: ${error.code ?? error.message}` }),
    );
    request.end();
  });
}
