/** Runs the steps of `xopc setup`. They run commands as the person would type them, so that each action is implemented once. */
import { Readable, Writable } from 'node:stream';
import type { ApiRequest } from '../api/api-client.js';
import { runCli } from '../cli/cli.js';
import { type CommandIo, describeError } from '../cli/command-io.js';
import type { ErrorDocument } from '../../shared/errors.js';
import { shellWord } from '../../shared/text/shell-word.js';
import type { Prompter } from './prompter.js';

/** The options of `xopc setup`. */
export interface SetupFlags {
  readonly provider: string | undefined;
  readonly baseUrl: string | undefined;
  readonly apiKeyEnv: string | undefined;
  readonly model: string | undefined;
  readonly telegramTokenEnv: string | undefined;
  readonly telegramApiRoot: string | undefined;
  readonly service: boolean;
}

/** One command that was run. */
export interface DoneStep {
  readonly command: string;
  readonly ok: boolean;
  /** Its output with `--json`; null without `--json`. */
  readonly result: unknown;
}

/** A command failed and its reason has been printed. */
export class StepFailed extends Error {
  constructor(readonly exitCode: number) {
    super('a step failed');
  }
}

interface SetupRunOptions {
  readonly io: CommandIo;
  readonly flags: SetupFlags;
  /** Undefined: no questions are asked. */
  readonly prompter: Prompter | undefined;
  readonly configOption: string | undefined;
  readonly request: <T>(request: ApiRequest) => Promise<T>;
}

interface RunOptions {
  /** Given to the command on its standard input. */
  readonly secret?: string | undefined;
  /** The command as shown to the user, if different. */
  readonly shown?: readonly string[];
  /** Prints only the reason of a failure. */
  readonly isQuiet?: boolean;
}

function captured(): { stream: Writable; text: () => string } {
  const chunks: string[] = [];
  const stream = new Writable({ write: (chunk: Buffer, _encoding, done) => (chunks.push(String(chunk)), done()) });
  return { stream, text: () => chunks.join('') };
}

export class SetupRun {
  readonly flags: SetupFlags;
  readonly prompter: Prompter | undefined;
  readonly io: CommandIo;
  readonly request: SetupRunOptions['request'];
  readonly done: DoneStep[] = [];
  readonly #configOption: string | undefined;

  constructor({ io, flags, prompter, configOption, request }: SetupRunOptions) {
    this.io = io;
    this.flags = flags;
    this.prompter = prompter;
    this.request = request;
    this.#configOption = configOption;
  }

  note(text: string): Promise<void> {
    return this.io.note(text);
  }

  /** Runs a step below its title. @param isWanted  by an option; otherwise the step runs only if questions can be asked */
  async step<T>(title: string, isWanted: boolean, work: () => Promise<T>): Promise<T | undefined> {
    if (!isWanted && this.prompter === undefined) return undefined;
    await this.io.note(`\n${title}`, this.io.err.paint.bold);
    return work();
  }

  variable(name: string): string | undefined {
    return this.io.context.runtime.environmentValue(name);
  }

  /**
   * Runs an xopc command, and prints its name and its output.
   * @throws StepFailed when it fails
   */
  async run(words: readonly string[], { secret, shown = words, isQuiet = false }: RunOptions = {}): Promise<void> {
    const command = ['xopc', ...shown, ...this.#config()].map(shellWord).join(' ');
    await this.io.note(`$ ${command}`, this.io.err.paint.dim);
    const { context } = this.io;
    const json = this.io.json || isQuiet;
    const output = captured();
    const exitCode = await runCli([...words, ...this.#config(), ...(json ? ['--json'] : [])], {
      env: context.env,
      colorDepth: context.colorDepth,
      runtime: context.runtime,
      commands: context.commands,
      stdin: Readable.from(secret === undefined ? [] : [Buffer.from(secret)]),
      stdout: json ? output.stream : context.stdout,
      stderr: context.stderr,
    });
    const text = output.text();
    const result: unknown = text === '' ? null : JSON.parse(text);
    this.done.push({ command, ok: exitCode === 0, result });
    if (exitCode === 0) return;
    const { error } = (result ?? {}) as { error?: ErrorDocument };
    if (error !== undefined && !this.io.json) await this.io.note(describeError(error), this.io.err.paint.red);
    throw new StepFailed(exitCode);
  }

  /** Runs commands; if they fail, the caller asks its question again. @returns whether they succeeded */
  async attempt(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      if (error instanceof StepFailed) return false;
      throw error;
    }
  }

  #config(): string[] {
    return this.#configOption === undefined ? [] : ['--config', this.#configOption];
  }
}
