/**
 * stdout and stderr of a command that writes once and ends: the bytes go straight to the descriptor, and a reader that is
 * slow holds the command up, which has nothing else to do. Node's own streams cost it 1 ms of 25.
 */
import { writeSync } from 'node:fs';
import { Writable } from 'node:stream';
import { isatty } from 'node:tty';

class DescriptorStream extends Writable {
  readonly isTTY: boolean;
  readonly #descriptor: 1 | 2;

  constructor(descriptor: 1 | 2) {
    super({ decodeStrings: true });
    this.#descriptor = descriptor;
    this.isTTY = isatty(descriptor);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    for (let offset = 0; offset < chunk.length;) {
      try {
        offset += writeSync(this.#descriptor, chunk, offset);
      } catch (error) {
        // Whoever gave us the descriptor has made it non-blocking and it is full: Node's own stream waits for it.
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return done(error as Error);
        return void nodeStream(this.#descriptor).write(chunk.subarray(offset), (failure) => done(failure));
      }
    }
    done();
  }
}

function nodeStream(descriptor: 1 | 2): NodeJS.WriteStream {
  return descriptor === 1 ? process.stdout : process.stderr;
}

/** @param descriptor  1 for stdout, 2 for stderr */
export function openDirectly(descriptor: 1 | 2): Writable {
  return new DescriptorStream(descriptor);
}
