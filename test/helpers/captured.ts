/** A stream that keeps what is written, and tells when a condition on it has come true. */
import { Writable } from 'node:stream';

export class Captured extends Writable {
  text = '';
  failure: NodeJS.ErrnoException | undefined;
  #check: () => void = () => undefined;

  constructor(readonly isTTY = false) {
    super({ decodeStrings: false });
  }

  override _write(chunk: string | Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    this.text += String(chunk);
    done(this.failure);
    this.#check();
  }

  get lines(): string[] {
    return this.text.split('\n').slice(0, -1);
  }

  async until(condition: (text: string) => boolean): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#check = () => {
        if (condition(this.text)) resolve();
      };
      this.#check();
    });
  }
}
