/** A command in a pseudo terminal (`script` of util-linux), with what it shows and what is typed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import { onTestFinished } from 'vitest';
import { cleanEnvironment } from './real-gateway.js';

export interface Terminal {
  readonly child: ChildProcess;
  /** All that was shown. */
  all(): string;
  /** Waits until the text is shown after the last answer. @throws when the command ends first */
  shows(text: string): Promise<void>;
  /** Waits for a question: text that ends with a colon and no line break. @returns all that was shown since the last answer; undefined when the command ends */
  question(): Promise<string | undefined>;
  /** Types a line, or a control character such as Ctrl-C as it is. */
  type(text: string): void;
  readonly exitCode: Promise<number | null>;
}

const SHOW_LIMIT_MS = 50_000;

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

export function openTerminal(command: readonly string[], env: Record<string, string>): Terminal {
  const line = `exec ${command.map(quoted).join(' ')}`;
  const child = spawn('script', ['-qfec', line, '/dev/null'], {
    env: cleanEnvironment({ SHELL: '/bin/sh', ...env }),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let shown = '';
  let seen = 0;
  let check = (): void => undefined;
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    shown += chunk;
    check();
  });
  const exitCode = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  onTestFinished(() => void child.kill('SIGKILL'));
  const clean = (from: number): string => stripVTControlCharacters(shown.slice(from)).replaceAll('\r', '');
  return {
    child,
    exitCode,
    all: () => clean(0),
    shows: (text) =>
      new Promise((resolve, reject) => {
        const fail = (why: string): void => reject(new Error(`${why} before it showed '${text}':\n${clean(0)}`));
        const limit = setTimeout(() => fail(`${SHOW_LIMIT_MS} ms passed`), SHOW_LIMIT_MS);
        check = () => {
          if (!clean(seen).includes(text)) return;
          clearTimeout(limit);
          resolve();
        };
        void exitCode.then((code) => fail(`it ended with ${code}`));
        check();
      }),
    question: () =>
      new Promise((resolve) => {
        check = () => (clean(seen).endsWith(': ') ? resolve(clean(seen)) : undefined);
        void exitCode.then(() => resolve(undefined));
        check();
      }),
    type(text) {
      seen = shown.length;
      child.stdin.write(text.startsWith('\u0003') ? text : `${text}\r`);
    },
  };
}
