/** The process environment of a command; tests inject their own. */
import type { BaseContext, CommandClass } from 'clipanion';
import type { BuildInfo } from '../../shared/node/build/bundle.js';
import type { DatabaseModule } from '../../shared/node/database-module.js';
import type { PatternModule } from '../../shared/node/log/line-matcher.js';
import type { SupervisorEntry } from '../../shared/node/process/entry.js';
import type { GatewayEnvironment } from '../../shared/node/process/env.js';
import type { AcpModule } from '../acp/acp-agent.js';
import type { SocketModule } from '../acp/chat-connection.js';
import type * as lateParts from '../late-parts.js';
import type { Invocation } from './command-name.js';

/** The entry by which a command is found before it is loaded. */
export interface CommandEntry {
  /** The command paths; the first one is its name. */
  readonly paths: readonly (readonly string[])[];
  load(): Promise<CommandClass<ClientContext>>;
}

/** The parts that commands in `client.cjs` load from `tools.cjs`. */
export type ClientTools = typeof lateParts;

export interface ClientRuntime {
  version(): string;
  /** The build of this command; undefined while it is being replaced. */
  build(): BuildInfo | undefined;
  readEnvironment(): GatewayEnvironment;
  environmentValue(name: string): string | undefined;
  invocation(): Invocation;
  loadSupervisor(): SupervisorEntry;
  loadTools(): ClientTools;
  /** The store, without a worker. */
  loadDatabase(): DatabaseModule;
  /** The Agent Client Protocol. */
  loadAcp(): Promise<AcpModule>;
  /** WebSockets. */
  loadSockets(): SocketModule;
  /** Searches for regular expressions. */
  loadPatterns(): PatternModule;
  /**
   * Calls `listener` on each Ctrl-C instead of ending the process. @param signals  default: SIGINT @returns a function that removes
   * it
   */
  onInterrupt(listener: (signal: NodeJS.Signals) => void, signals?: readonly NodeJS.Signals[]): () => void;
  /** Makes Ctrl-C, SIGTERM and a closed terminal call `clean` before this process ends. @returns a function that undoes this */
  cleanAtSignal(clean: () => void): () => void;
  /**
   * Calls `listener` when the reader of stdout has closed while nothing is written, if the platform can detect it. @returns a
   * function that removes it
   */
  onReaderGone(listener: () => void): () => void;
}

export interface ClientContext extends BaseContext {
  readonly runtime: ClientRuntime;
  /** All commands, in the order of the help. */
  readonly commands: readonly CommandEntry[];
}
