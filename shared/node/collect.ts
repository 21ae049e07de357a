/** Reads at most `maxBytes` of a stream into memory, and ends it there. `isWhole`: there was no more. */
export async function readUpTo(
  chunks: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array>,
  maxBytes: number,
): Promise<{ bytes: Buffer; isWhole: boolean }> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    length += bytes.length;
    parts.push(bytes);
    if (length > maxBytes) break;
  }
  return { bytes: Buffer.concat(parts).subarray(0, maxBytes), isWhole: length <= maxBytes };
}

/** Reads a stream into memory. @returns undefined when it has more than `maxBytes` */
export async function collect(chunks: AsyncIterable<Uint8Array | string>, maxBytes: number): Promise<Buffer | undefined> {
  const { bytes, isWhole } = await readUpTo(chunks, maxBytes);
  return isWhole ? bytes : undefined;
}
