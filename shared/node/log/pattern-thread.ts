/**
 * Matches lines against a regular expression in a thread, so that a pattern that backtracks without end blocks nobody:
 * after {@link LIMIT_MS} without an answer the thread is ended and the pattern refused. One thread serves one batch after
 * the other and leaves when nobody has asked for a while. Plain JavaScript in a string, as `parent-guard.ts` has it.
 */
import { Worker } from 'node:worker_threads';
import { GatewayError } from '../../errors.js';
import { PATTERN_FLAGS } from '../../log/pattern.js';

/** The parts of a line that match, each once; null where none does. */
export type LineMatch = readonly string[] | null;

export interface LineMatcher {
  /** @throws INVALID_REQUEST when the pattern takes too long */
  match(pattern: string, lines: readonly string[]): Promise<LineMatch[]>;
}

const LIMIT_MS = 2_000;
const IDLE_MS = 10_000;
const MAX_PARTS = 8;
const MAX_PART_LENGTH = 200;

/** The message as it is read comes first: there a quote is a quote, and `^` is its beginning. */
const source = `
const { parentPort } = require('node:worker_threads');
const MESSAGE = /"msg":("(?:[^"\\\\]|\\\\.)*")/;
function textsOf(line) {
  const found = line[0] === '{' ? MESSAGE.exec(line) : null;
  try { return found === null ? [line] : [JSON.parse(found[1]), line]; } catch { return [line]; }
}
function partsOf(pattern, line) {
  for (const text of textsOf(line)) {
    const parts = new Set();
    pattern.lastIndex = 0;
    for (let found = pattern.exec(text); found !== null; found = pattern.exec(text)) {
      if (found[0] === '') { parts.add(''); pattern.lastIndex += 1; }
      else parts.add(found[0].slice(0, ${MAX_PART_LENGTH}));
      if (parts.size >= ${MAX_PARTS}) break;
    }
    if (parts.size > 0) return [...parts].filter((part) => part !== '');
  }
  return null;
}
parentPort.on('message', ({ pattern, lines }) => {
  try {
    const compiled = new RegExp(pattern, '${PATTERN_FLAGS}');
    parentPort.postMessage({ matches: lines.map((line) => partsOf(compiled, line)) });
  } catch (error) {
    parentPort.postMessage({ fault: String(error && error.message) });
  }
});
parentPort.postMessage('ready');
`;

function refused(pattern: string, why: string): GatewayError {
  return new GatewayError('INVALID_REQUEST', {
    message: `regex '${pattern.slice(0, 80)}' ${why}`,
    details: { field: 'regex' },
    hint: 'Avoid a repetition within a repetition, such as (a+)+.',
  });
}

/** What a bundle gives that is loaded when a pattern is first searched for. */
export interface PatternModule {
  createMatcher(): LineMatcher;
}

export function createMatcher(): LineMatcher {
  return new PatternThread();
}

type Answer = { readonly matches: LineMatch[] } | { readonly fault: string };

export class PatternThread implements LineMatcher {
  readonly #limitMs: number;
  #thread: Worker | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #idle: NodeJS.Timeout | undefined;

  constructor(options: { readonly limitMs?: number } = {}) {
    this.#limitMs = options.limitMs ?? LIMIT_MS;
  }

  match(pattern: string, lines: readonly string[]): Promise<LineMatch[]> {
    if (lines.length === 0) return Promise.resolve([]);
    const turn = this.#last.then(() => this.#ask(pattern, lines));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** A later {@link match} begins anew. */
  close(): void {
    clearTimeout(this.#idle);
    void this.#thread?.terminate();
    this.#thread = undefined;
  }

  async #ask(pattern: string, lines: readonly string[]): Promise<LineMatch[]> {
    clearTimeout(this.#idle);
    const thread = (this.#thread ??= await startThread());
    try {
      const answer = await this.#answer(thread, { pattern, lines });
      if (answer === undefined) throw refused(pattern, `takes too long: more than ${this.#limitMs} ms for ${lines.length} lines`);
      if ('fault' in answer) throw refused(pattern, `cannot be run: ${answer.fault}`);
      return answer.matches;
    } catch (error) {
      this.close();
      throw error;
    } finally {
      this.#idle = setTimeout(() => this.close(), IDLE_MS).unref();
    }
  }

  /** @returns undefined when there was none in time */
  #answer(thread: Worker, question: { pattern: string; lines: readonly string[] }): Promise<Answer | undefined> {
    return new Promise((resolve) => {
      const limit = setTimeout(() => settle(undefined), this.#limitMs);
      const settle = (answer: Answer | undefined): void => {
        clearTimeout(limit);
        thread.off('message', settle);
        thread.off('error', onError);
        resolve(answer);
      };
      const onError = (error: Error): void => settle({ fault: error.message });
      thread.on('message', settle);
      thread.on('error', onError);
      thread.postMessage(question);
    });
  }
}

/** The time it takes to start is not the pattern's. */
function startThread(): Promise<Worker> {
  const limits = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 };
  const thread = new Worker(source, { eval: true, resourceLimits: limits });
  thread.unref();
  return new Promise((resolve, reject) => {
    // It stays: an error while nobody waits for an answer must not end the process.
    thread.on('error', reject);
    thread.once('message', () => resolve(thread));
  });
}
