import { readUpTo } from '../../../shared/node/collect.js';
import { limitBody } from '../../../shared/node/limited-body.js';

/**
 * Reads at most `maxBytes` of a response's body as text, and cancels the rest. `isWhole`: there was no rest. `signal`: that of the request.
 * @throws the signal's reason
 */
export async function readStart(
  { body }: Response,
  maxBytes: number,
  signal: AbortSignal | null | undefined,
): Promise<{ text: string; isWhole: boolean }> {
  const { bytes, isWhole } = await readUpTo(body === null ? [] : limitBody(body, signal), maxBytes);
  return { text: bytes.toString('utf8'), isWhole };
}
