/** Runs a command line in this process, with a home, an environment and streams of the test's own. */
import { Readable } from 'node:stream';
import * as acp from '@agentclientprotocol/sdk';
import { WebSocket } from 'ws';
import { runCli } from '../../client/cli/cli.js';
import type { ClientRuntime } from '../../client/cli/client-context.js';
import { COMMANDS } from '../../client/commands/registry.js';
import * as database from '../../daemon/worker/lazy/database.js';
import * as patterns from '../../shared/node/log/line-matcher.js';
import * as tools from '../../client/tools.js';
import type { GatewayEnvironment } from '../../shared/node/process/env.js';
import { Captured } from './captured.js';
import { testEnvironment } from './test-environment.js';

export interface CommandLineOptions {
  readonly home: string;
  readonly environment?: Partial<GatewayEnvironment>;
  /** Variables beyond those of the gateway, e.g. NO_COLOR. */
  readonly variables?: Record<string, string>;
  /** A text, or bytes, that are piped in, or the input of a terminal. */
  readonly stdin?: string | Buffer | Readable;
  readonly isTTY?: boolean;
  readonly runtime?: Partial<ClientRuntime>;
}

export interface CommandRun {
  readonly out: Captured;
  readonly err: Captured;
  /** Ctrl-C. */
  readonly interrupt: () => void;
  readonly exitCode: Promise<number>;
}

function makeRuntime(options: CommandLineOptions, interrupts: Set<(signal: NodeJS.Signals) => void>): ClientRuntime {
  return {
    version: () => '1.2.3',
    build: () => undefined,
    readEnvironment: () => testEnvironment(options.home, options.environment),
    environmentValue: (name) => options.variables?.[name],
    invocation: () => ({ entry: 'xopc', variable: () => undefined }),
    loadSupervisor: () => {
      throw new Error('this command needs no supervisor');
    },
    loadTools: () => tools,
    loadDatabase: () => database,
    loadAcp: () => Promise.resolve(acp),
    loadSockets: () => ({ WebSocket }),
    loadPatterns: () => patterns,
    onInterrupt(listener) {
      interrupts.add(listener);
      return () => interrupts.delete(listener);
    },
    cleanAtSignal: () => () => undefined,
    onReaderGone: () => () => undefined,
    ...options.runtime,
  };
}

/** Starts a command line, e.g. `['gateway', 'status']`. */
export function startCommand(args: readonly string[], options: CommandLineOptions): CommandRun {
  const out = new Captured(options.isTTY);
  const err = new Captured(options.isTTY);
  const interrupts = new Set<(signal: NodeJS.Signals) => void>();
  const { stdin: input = Readable.from([]) } = options;
  const isTTY = input instanceof Readable;
  const stdin = Object.assign(isTTY ? input : Readable.from([Buffer.from(input)]), { isTTY });
  const runtime = makeRuntime(options, interrupts);
  const exitCode = runCli(args, { env: {}, stdin, stdout: out, stderr: err, colorDepth: 1, runtime, commands: COMMANDS });
  return { out, err, exitCode, interrupt: () => interrupts.forEach((listener) => listener('SIGINT')) };
}

export interface CommandOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs it to its end. */
export async function runCommand(args: readonly string[], options: CommandLineOptions): Promise<CommandOutcome> {
  const { out, err, exitCode } = startCommand(args, options);
  const code = await exitCode;
  return { code, stdout: out.text, stderr: err.text };
}
