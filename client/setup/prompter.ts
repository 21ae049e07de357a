/** Questions on a terminal. Each one opens the terminal and releases it again, so that commands may run in between. */
import { createInterface } from 'node:readline';
import { type Readable, Writable } from 'node:stream';
import type { Output } from '../output/output.js';
import { escapeControlsKeepLines } from '../../shared/log/escape.js';

/** The person pressed Ctrl-C or Ctrl-D. */
export class PromptStopped extends Error {}

export interface Choice<T> {
  readonly label: string;
  readonly value: T;
}

/** Maximum number of listed choices; others can still be typed if the answer is a name. */
const MAX_LISTED = 20;

export class Prompter {
  readonly #input: Readable;
  readonly #output: Output;

  /** @param output  a terminal; questions are not part of a result, so it is stderr */
  constructor(input: Readable, output: Output) {
    this.#input = input;
    this.#output = output;
  }

  /** @returns the answer without white space around it, or `fallback` for an empty one @throws PromptStopped */
  async ask(question: string, fallback = ''): Promise<string> {
    const answer = await this.#read(`${question}${fallback === '' ? '' : ` [${fallback}]`}: `, false);
    return answer === '' ? fallback : answer;
  }

  /** Reads without showing what is typed. @throws PromptStopped */
  secret(question: string): Promise<string> {
    return this.#read(`${question}: `, true);
  }

  async confirm(question: string, fallback: boolean): Promise<boolean> {
    for (;;) {
      const answer = (await this.#read(`${question} [${fallback ? 'Y/n' : 'y/N'}]: `, false)).toLowerCase();
      if (answer === '') return fallback;
      if (['y', 'yes', 'n', 'no'].includes(answer)) return answer.startsWith('y');
      await this.#note('Answer y or n.');
    }
  }

  /** Lists the choices with numbers. @param fallback  index of the choice that Enter takes */
  async choose<T>(question: string, choices: readonly Choice<T>[], fallback: number): Promise<T> {
    for (const [index, { label }] of choices.entries()) await this.#note(`  ${String(index + 1).padStart(2)}) ${label}`);
    for (;;) {
      const answer = await this.ask(question, String(fallback + 1));
      const choice = /^\d{1,3}$/.test(answer) ? choices[Number(answer) - 1] : undefined;
      if (choice !== undefined) return choice.value;
      await this.#note(`Answer with a number from 1 to ${choices.length}.`);
    }
  }

  /** Lists names with numbers. @returns the name with the typed number, or any other text unchanged */
  async chooseName(question: string, names: readonly string[], fallback: string): Promise<string> {
    for (const [index, name] of names.slice(0, MAX_LISTED).entries()) await this.#note(`  ${String(index + 1).padStart(2)}) ${name}`);
    if (names.length > MAX_LISTED) await this.#note(`      and ${names.length - MAX_LISTED} more, by name`);
    const answer = await this.ask(question, fallback);
    return (/^\d{1,3}$/.test(answer) ? names[Number(answer) - 1] : undefined) ?? answer;
  }

  #note(text: string): Promise<void> {
    return this.#output.write(`${escapeControlsKeepLines(text)}\n`);
  }

  async #read(prompt: string, isHidden: boolean): Promise<string> {
    const output = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        if (!isHidden) void this.#output.write(String(chunk));
        done();
      },
    });
    // From here on the terminal does not echo input, because the answer may arrive at once.
    const terminal = createInterface({ input: this.#input, output, terminal: true, historySize: 0 });
    if (isHidden) await this.#output.write(prompt);
    try {
      return await new Promise<string>((resolve, reject) => {
        const stop = (): void => reject(new PromptStopped());
        terminal.once('SIGINT', stop).once('close', stop);
        terminal.question(isHidden ? '' : prompt, (answer) => resolve(answer.trim()));
      });
    } catch (error) {
      if (!isHidden) await this.#output.write('\n');
      throw error;
    } finally {
      terminal.close();
      if (isHidden) await this.#output.write('\n');
    }
  }
}
