/** Runs a command line: help, version, wrong usage, or the command that it names. */
import { Cli, type CommandClass } from 'clipanion';
import { toErrorDocument } from '../../shared/errors.js';
import { describeError, exitCodeOf, formatJson } from './command-io.js';
import type { ClientContext } from './client-context.js';
import { type CommandEntry, findEntry } from '../commands/command-entry.js';
import type * as HelpText from './help-text.js';
import { Output } from '../output/output.js';
import { withSystemHint } from './system-error.js';
import { explainUsage, leadingWords } from './usage-error.js';

export interface CliOptions {
  readonly commands: readonly CommandEntry[];
  version(): string;
  /** See help-text.ts; undefined where help is never asked for (bin/main.ts). */
  readonly help?: typeof HelpText.helpText;
}

/** Each stream is opened when it is first written to: opening costs a millisecond. */
class Streams {
  readonly #context: ClientContext;
  #out: Output | undefined;
  #err: Output | undefined;

  constructor(context: ClientContext) {
    this.#context = context;
  }

  get out(): Output {
    return (this.#out ??= new Output(this.#context.stdout, (name) => this.#context.runtime.environmentValue(name)));
  }

  get err(): Output {
    const { stderr, runtime } = this.#context;
    return (this.#err ??= new Output(stderr, (name) => runtime.environmentValue(name), { isDispensable: true }));
  }

  async flush(): Promise<void> {
    for (const output of [this.#out, this.#err]) await output?.flush();
  }
}

const VERSION_WORDS: ReadonlySet<string> = new Set(['--version', '-V', '-v', 'version']);

function wantsHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return (end === -1 ? args : args.slice(0, end)).some((argument) => argument === '--help' || argument === '-h');
}

async function makeCli(entries: readonly CommandEntry[]): Promise<Cli<ClientContext>> {
  const classes: CommandClass<ClientContext>[] = await Promise.all(entries.map((entry) => entry.load()));
  return Cli.from(classes, { binaryName: 'xopc', enableColors: false });
}

async function reportUsage(error: unknown, args: readonly string[], streams: Streams): Promise<number> {
  const document = toErrorDocument(error);
  if (args.includes('--json')) await streams.out.write(`${formatJson({ error: document })}\n`);
  else await streams.err.write(`${describeError(document)}\n`);
  return exitCodeOf(error);
}

async function runWith(
  given: readonly string[],
  { options, context, streams }: { options: CliOptions; context: ClientContext; streams: Streams },
): Promise<number> {
  const args = given[0] === 'help' ? [...given.slice(1), '--help'] : given;
  if (VERSION_WORDS.has(args[0] ?? '')) {
    await streams.out.write(`${options.version()}\n`);
    return 0;
  }
  const words = leadingWords(args);
  const entry = findEntry(options.commands, words);
  if (options.help !== undefined && (args.length === 0 || wantsHelp(args))) {
    const text = await options.help(words, { commands: options.commands, version: options.version(), paint: streams.out.paint });
    if (text !== undefined) {
      await streams.out.write(text);
      return 0;
    }
  }
  const cli = await makeCli(entry === undefined ? options.commands : [entry]);
  let command;
  try {
    command = cli.process([...args], { runtime: context.runtime });
  } catch (error) {
    if (!(error instanceof Error) || !('clipanion' in error)) throw error;
    return reportUsage(explainUsage(error, args, { commands: options.commands, definitions: cli.definitions() }), args, streams);
  }
  command.context = context;
  return (await command.execute()) ?? 0;
}

/** Runs one command line. @returns the exit code. Never throws for anything the user may have typed. */
export async function runCli(args: readonly string[], options: CliOptions, context: ClientContext): Promise<number> {
  const streams = new Streams(context);
  try {
    return await runWith(args, { options, context, streams });
  } catch (error) {
    await streams.err.write(`${describeError(withSystemHint(toErrorDocument(error), error))}\n`);
    return exitCodeOf(error);
  } finally {
    await streams.flush();
  }
}
