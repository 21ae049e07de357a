/** Reads the whole log forwards, oldest generation first, as of the start of the read; used for downloads. */
import { createLogFilter, type LogFilter } from '../../log/filter.js';
import { LineSplitter } from './line-splitter.js';
import { type OpenGeneration, walkGenerations } from './log-generations.js';
import { MAX_READ_LINE_BYTES } from './read-backward.js';

const CHUNK_BYTES = 65_536;

async function* chunksOf({ handle, stats }: OpenGeneration): AsyncGenerator<Buffer> {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  const size = Number(stats.size);
  for (let position = 0; position < size;) {
    const { bytesRead } = await handle.read(chunk, 0, Math.min(CHUNK_BYTES, size - position), position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield chunk.subarray(0, bytesRead);
  }
}

/** Yields the lines that pass, in batches. Files stay readable while they are rotated away. */
export async function* scanLog(logPath: string, filter: LogFilter): AsyncGenerator<string[]> {
  const wanted = createLogFilter(filter);
  const files: OpenGeneration[] = [];
  try {
    for await (const file of walkGenerations(logPath)) files.unshift(file);
    for (const file of files) {
      if (Number(file.stats.mtimeMs) < (filter.sinceMs ?? -Infinity)) continue;
      const splitter = new LineSplitter(MAX_READ_LINE_BYTES);
      for await (const chunk of chunksOf(file)) yield splitter.push(chunk).filter((line) => line !== '' && wanted(line) === 'take');
      const last = splitter.flush();
      if (last !== undefined && wanted(last) === 'take') yield [last];
    }
  } finally {
    for (const { handle } of files) await handle.close();
  }
}
