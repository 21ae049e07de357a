/** Text from standard input. */
import type { Readable } from 'node:stream';
import { GatewayError } from '../../shared/errors.js';

const MAX_INPUT_BYTES = 8_388_608;

/** Reads all of it, without the line break at its end. @throws USAGE when it is more than 8 MiB or not UTF-8 */
export async function readInput(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Buffer | string>) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > MAX_INPUT_BYTES)
      throw new GatewayError('USAGE', { message: `standard input has more than ${MAX_INPUT_BYTES} bytes`, hint: 'Send less.' });
    chunks.push(bytes);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)).replace(/\r?\n$/, '');
  } catch {
    throw new GatewayError('USAGE', { message: 'standard input is not UTF-8 text', hint: 'Convert it first, e.g. with iconv.' });
  }
}
