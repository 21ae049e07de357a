/** Runs a command line: help, version, wrong usage, or the command that it names. */
import { Cli, type CommandClass } from 'clipanion';
import { toErrorDocument } from '../shared/errors.js';
import { BaseCommand, describeError, exitCodeOf, formatJson } from './base-command.js';
import type { ClientContext } from './client-context.js';
import type { CommandEntry } from './commands/registry.js';
import { Output } from './output.js';
import { explainUsage, leadingWords } from './usage-error.js';

export interface CliOptions {
  readonly commands: readonly CommandEntry[];
  readonly version: string;
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
    return (this.#err ??= new Output(this.#context.stderr, (name) => this.#context.runtime.environmentValue(name)));
  }

  async close(): Promise<void> {
    for (const output of [this.#out, this.#err]) await output?.close();
  }
}

const HELP_WORDS: readonly (string | undefined)[] = [undefined, 'help', '--help', '-h'];

/** The entry whose path is the longest that the words begin with. */
function findEntry(commands: readonly CommandEntry[], words: readonly string[]): CommandEntry | undefined {
  const depthOf = (entry: CommandEntry): number => Math.max(-1, ...entry.paths.filter((path) => path.every((word, index) => word === words[index])).map((path) => path.length));
  return commands.filter((entry) => depthOf(entry) >= 0).toSorted((left, right) => depthOf(right) - depthOf(left))[0];
}

function wantsHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return (end === -1 ? args : args.slice(0, end)).some((argument) => argument === '--help' || argument === '-h');
}

async function makeCli(entries: readonly CommandEntry[], { version }: CliOptions): Promise<Cli<ClientContext>> {
  const classes: CommandClass<ClientContext>[] = await Promise.all(entries.map((entry) => entry.load()));
  return Cli.from(classes, {
    binaryLabel: 'xopc, a self-hosted gateway between programs, chats, schedules and agents',
    binaryName: 'xopc',
    binaryVersion: version,
    enableColors: false,
  });
}

async function reportUsage(error: unknown, args: readonly string[], streams: Streams): Promise<number> {
  const document = toErrorDocument(error);
  if (args.includes('--json')) await streams.out.write(`${formatJson({ error: document })}\n`);
  else await streams.err.write(`${describeError(document)}\n`);
  return exitCodeOf(error);
}

async function runWith(args: readonly string[], { options, context, streams }: { options: CliOptions; context: ClientContext; streams: Streams }): Promise<number> {
  if (args[0] === '--version' || args[0] === '-V') {
    await streams.out.write(`${options.version}\n`);
    return 0;
  }
  if (args.length <= 1 && HELP_WORDS.includes(args[0])) {
    await streams.out.write((await makeCli(options.commands, options)).usage(null, { colored: streams.out.paint.isColorSupported }));
    return 0;
  }
  const entry = wantsHelp(args) ? undefined : findEntry(options.commands, leadingWords(args));
  const cli = await makeCli(entry === undefined ? options.commands : [entry], options);
  let command;
  try {
    command = cli.process([...args], { runtime: context.runtime });
  } catch (error) {
    if (!(error instanceof Error) || !('clipanion' in error)) throw error;
    return reportUsage(explainUsage(error, args, { commands: options.commands, definitions: cli.definitions() }), args, streams);
  }
  if (command.help) {
    await streams.out.write(cli.usage(command, { detailed: true, colored: streams.out.paint.isColorSupported }));
    return 0;
  }
  if (command instanceof BaseCommand) {
    command.context = context;
    return command.execute();
  }
  // clipanion's own: the list of the commands that begin with these words.
  return cli.run(command, context);
}

/** Runs one command line. @returns the exit code. Never throws for anything the user may have typed. */
export async function runCli(args: readonly string[], options: CliOptions, context: ClientContext): Promise<number> {
  const streams = new Streams(context);
  try {
    return await runWith(args, { options, context, streams });
  } finally {
    await streams.close();
  }
}
