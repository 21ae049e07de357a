/** Runs the command line in this process, on its terminal. */
import process from 'node:process';
import { isatty } from 'node:tty';
import { loadBundle, readBuildInfo } from '../../shared/node/build/bundle.js';
import type { DatabaseModule } from '../../shared/node/database-module.js';
import type { PatternModule } from '../../shared/node/log/line-matcher.js';
import type { SupervisorEntry } from '../../shared/node/process/entry.js';
import type { AcpModule } from '../acp/acp-agent.js';
import type { SocketModule } from '../acp/chat-connection.js';
import { watchReader } from '../output/reader-watch.js';
import { environmentValue, readEnvironment } from '../../shared/node/process/env.js';
import { runCli } from './cli.js';
import { currentInvocation } from './command-name.js';
import type { ClientContext, ClientRuntime, ClientTools, CommandEntry } from './client-context.js';

export const processRuntime: ClientRuntime = {
  version: () => readBuildInfo()?.version ?? '0.0.0',
  build: readBuildInfo,
  readEnvironment,
  environmentValue,
  invocation: () => currentInvocation(environmentValue),
  loadSupervisor: () => loadBundle<SupervisorEntry>('supervisor'),
  loadTools: () => loadBundle<ClientTools>('tools'),
  loadDatabase: () => loadBundle<DatabaseModule>('database'),
  loadAcp: () => loadBundle<{ loadAcp(): Promise<AcpModule> }>('mcp').loadAcp(),
  loadSockets: () => loadBundle<SocketModule>('late'),
  loadPatterns: () => loadBundle<PatternModule>('late'),
  onInterrupt(listener, signals = ['SIGINT']) {
    for (const signal of signals) process.on(signal, listener);
    return () => signals.forEach((signal) => process.off(signal, listener));
  },
  cleanAtSignal(clean) {
    const end = (signal: NodeJS.Signals): void => {
      release();
      try {
        clean();
      } finally {
        process.kill(process.pid, signal);
      }
    };
    const release = processRuntime.onInterrupt(end, ['SIGINT', 'SIGTERM', 'SIGHUP']);
    return release;
  },
  onReaderGone: watchReader,
};

/** The process's own streams; Node opens each on first access. */
function processContext(commands: readonly CommandEntry[]): ClientContext {
  return {
    env: {},
    colorDepth: 1,
    runtime: processRuntime,
    commands,
    get stdin() {
      return process.stdin;
    },
    get stdout() {
      return process.stdout;
    },
    get stderr() {
      return process.stderr;
    },
  };
}

/**
 * Ends this process with SIGHUP if one of its terminals has been closed, the default for programs without a handler. Otherwise Node
 * would restore the terminals at exit, and abort with a core dump if one is closed.
 */
function endWithClosedTerminal(terminals: readonly number[]): void {
  if (terminals.every((descriptor) => isatty(descriptor))) return;
  process.removeAllListeners('SIGHUP');
  process.kill(process.pid, 'SIGHUP');
}

/** @returns the process exit code */
export async function runInProcess(args: readonly string[], commands: readonly CommandEntry[]): Promise<number> {
  const terminals = [0, 1, 2].filter((descriptor) => isatty(descriptor));
  const exitCode = await runCli(args, processContext(commands));
  endWithClosedTerminal(terminals);
  return exitCode;
}
