import { readUpTo } from '../../../shared/node/collect.js';

/** Reads at most `maxBytes` of a response's body as text, and cancels the rest. `isWhole`: there was no rest. */
export async function readStart(response: Response, maxBytes: number): Promise<{ text: string; isWhole: boolean }> {
  const { bytes, isWhole } = await readUpTo(response.body ?? [], maxBytes);
  return { text: bytes.toString('utf8'), isWhole };
}
