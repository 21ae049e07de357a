/** Reads at most `maxBytes` of a response's body as text, and cancels the rest. `isWhole`: there was no rest. */
export async function readStart(response: Response, maxBytes: number): Promise<{ text: string; isWhole: boolean }> {
  const reader = response.body?.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  let isEnd = reader === undefined;
  while (reader !== undefined && !isEnd && length <= maxBytes) {
    const { done, value } = await reader.read();
    isEnd = done;
    if (value !== undefined) chunks.push(value);
    length += value?.length ?? 0;
  }
  await reader?.cancel();
  return { text: Buffer.concat(chunks).subarray(0, maxBytes).toString('utf8'), isWhole: length <= maxBytes };
}
