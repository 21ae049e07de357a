/** Handles a command's output: backpressure, closed pipes, colours. */
import type { Writable } from 'node:stream';
import { createColors } from 'picocolors';

export type Paint = ReturnType<typeof createColors>;

function isTerminal(stream: Writable): boolean {
  return (stream as Partial<NodeJS.WriteStream>).isTTY === true;
}

/** NO_COLOR (no-color.org) and FORCE_COLOR override the stream's type. */
export function wantsColour(stream: Writable, environmentValue: (name: string) => string | undefined): boolean {
  const forced = environmentValue('FORCE_COLOR');
  if (environmentValue('NO_COLOR') !== undefined || forced === '0') return false;
  if (forced !== undefined) return true;
  return isTerminal(stream) && environmentValue('TERM') !== 'dumb';
}

/**
 * One output stream of a command. After its reader has closed (EPIPE, as with `| head -1`), writing does nothing and the command does not
 * fail.
 */
export class Output {
  readonly #stream: Writable;
  readonly paint: Paint;
  readonly isTerminal: boolean;
  readonly #isDispensable: boolean;
  #failure: Error | undefined;
  /** Whether the reader has closed; an endless command then ends. */
  isClosed = false;

  /** @param options.isDispensable  a failed write is ignored: for notes, which must not end the command */
  constructor(stream: Writable, environmentValue: (name: string) => string | undefined, options: { isDispensable?: boolean } = {}) {
    this.#stream = stream;
    this.#isDispensable = options.isDispensable === true;
    this.isTerminal = isTerminal(stream);
    this.paint = createColors(wantsColour(stream, environmentValue));
    stream.on('error', this.#onError);
  }

  readonly #onError = (error: NodeJS.ErrnoException): void => {
    this.isClosed = true;
    if (error.code !== 'EPIPE' && !this.#isDispensable) this.#failure = error;
  };

  /** Resolves when the stream accepts more. @throws the stream's own error other than EPIPE, e.g. ENOSPC */
  async write(text: string): Promise<void> {
    if (!this.isClosed && !this.#stream.write(text)) await this.#writable();
    if (this.#failure !== undefined) throw this.#failure;
  }

  #writable(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        for (const event of ['drain', 'close', 'error']) this.#stream.off(event, done);
        resolve();
      };
      for (const event of ['drain', 'close', 'error']) this.#stream.on(event, done);
    });
  }

  /** Waits until everything has been handed to the system. The error listener stays: the stream may report an error later. */
  async flush(): Promise<void> {
    if (!this.isClosed) await new Promise<void>((resolve) => this.#stream.write('', () => resolve()));
  }
}
