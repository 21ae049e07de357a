/** Runs a command line: prints help or a usage error, or runs the named command. */
import { stripVTControlCharacters } from 'node:util';
import { Cli, type CommandClass } from 'clipanion';
import type { ClientContext, CommandEntry } from './client-context.js';
import { CommandIo, exitCodeOf } from './command-io.js';
import { findEntry, leadingWords } from './command-paths.js';

export function wantsHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return args.length === 0 || (end === -1 ? args : args.slice(0, end)).some((argument) => argument === '--help' || argument === '-h');
}

async function makeCli(entries: readonly CommandEntry[]): Promise<Cli<ClientContext>> {
  const classes: CommandClass<ClientContext>[] = await Promise.all(entries.map((entry) => entry.load()));
  return Cli.from(classes, { binaryName: 'xopc', enableColors: false });
}

async function runWith(given: readonly string[], context: ClientContext, io: CommandIo): Promise<number> {
  const args = given[0] === 'help' ? [...given.slice(1), '--help'] : given;
  const { commands } = context;
  if (wantsHelp(args)) {
    const { helpText } = await import('./help/help-text.js');
    const { runtime } = context;
    const request = { commands, version: runtime.version(), paint: io.out.paint, invocation: runtime.invocation() };
    const text = await helpText(leadingWords(args), request);
    if (text !== undefined) {
      await (io.json ? io.printJson({ help: stripVTControlCharacters(text) }) : io.out.write(text));
      return 0;
    }
  }
  // Only the matching commands are registered, because parsing takes longer with more commands.
  const entry = findEntry(commands, args);
  const cli = await makeCli(entry === undefined ? commands : [entry]);
  let command;
  try {
    command = cli.process([...args], { runtime: context.runtime, commands });
  } catch (error) {
    if (!(error instanceof Error) || !('clipanion' in error)) throw error;
    const { explainUsage } = await import('./usage-error.js');
    throw explainUsage(error, args, { commands, definitions: cli.definitions() });
  }
  command.context = context;
  return (await command.execute()) ?? 0;
}

/** Runs one command line. @returns the exit code. Never throws for anything the user may have typed. */
export async function runCli(args: readonly string[], context: ClientContext): Promise<number> {
  const io = new CommandIo(context, { config: undefined, json: args.includes('--json') });
  try {
    return await runWith(args, context, io);
  } catch (error) {
    await io.reportError(error);
    return exitCodeOf(error);
  } finally {
    await io.flush();
  }
}
