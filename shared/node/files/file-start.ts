/** Reads at most the first bytes of a file; a FIFO or device in its place must not block us. */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';

interface FileStart {
  readonly stats: Stats;
  /** Empty for anything but a regular file. */
  readonly bytes: Buffer;
}

/** @throws the file system's own error */
export function readFileStart(path: string, maxBytes: number): FileStart {
  // Non-blocking, because to open a FIFO waits for its writer.
  const fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) return { stats, bytes: Buffer.alloc(0) };
    const buffer = Buffer.allocUnsafe(maxBytes);
    let length = 0;
    for (let read = -1; read !== 0; length += read) read = readSync(fd, buffer, length, buffer.length - length, length);
    return { stats, bytes: buffer.subarray(0, length) };
  } finally {
    closeSync(fd);
  }
}
