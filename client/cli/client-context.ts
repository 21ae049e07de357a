/** The process environment of a command; tests inject their own. */
import type { BaseContext, CommandClass } from 'clipanion';
import type { DatabaseModule } from '../../shared/node/database-module.js';
import type { PatternModule } from '../../shared/node/log/line-matcher.js';
import type { SupervisorEntry } from '../../shared/node/process/entry.js';
import type { GatewayEnvironment } from '../../shared/node/process/env.js';
import type { AcpModule } from '../acp/acp-agent.js';
import type { SocketModule } from '../acp/chat-connection.js';
import type { attachGateway } from '../gateway/attach-gateway.js';
import type { forceStart } from '../gateway/force-start.js';
import type { killGateway } from '../gateway/end/kill-gateway.js';
import type { reclaimLock } from '../gateway/end/reclaim-lock.js';
import type { stopToStartAgain } from '../gateway/end/stop-to-move.js';
import type { rouseGateway } from '../gateway/end/rouse-gateway.js';
import type { FormerStart, readFormerStart, startAgain } from '../gateway/start-again.js';
import type { problemsAfterCrash, requireValidBeforeEnd } from '../gateway/start-config.js';
import type { refuseTakenPort } from '../gateway/taken-port.js';
import type { startLogWeb } from '../log-web/start-log-web.js';
import type { Invocation } from './command-name.js';
import type { startSupervisor } from '../gateway/start-supervisor.js';
import type { awaitServiceManager, findServiceObstacle, isServiceProcess } from '../service/await-service.js';
import type { serviceWarnings } from '../service/drift.js';
import type { stayStopped } from '../service/stop-gateway.js';

/** The entry by which a command is found before it is loaded. */
export interface CommandEntry {
  /** The command paths; the first one is its name. */
  readonly paths: readonly (readonly string[])[];
  load(): Promise<CommandClass<ClientContext>>;
}

/** The parts that commands in `client.cjs` load from `tools.cjs`. */
export interface ClientTools {
  readonly startSupervisor: typeof startSupervisor;
  readonly awaitServiceManager: typeof awaitServiceManager;
  readonly attachGateway: typeof attachGateway;
  readonly forceStart: typeof forceStart;
  readonly problemsAfterCrash: typeof problemsAfterCrash;
  requireValidBeforeEnd(...args: Parameters<typeof requireValidBeforeEnd>): Promise<void>;
  readFormerStart(...args: Parameters<typeof readFormerStart>): Promise<FormerStart | undefined>;
  readonly refuseTakenPort: typeof refuseTakenPort;
  readonly stopToStartAgain: typeof stopToStartAgain;
  readonly killGateway: typeof killGateway;
  readonly reclaimLock: typeof reclaimLock;
  readonly rouseGateway: typeof rouseGateway;
  readonly startAgain: typeof startAgain;
  readonly findServiceObstacle: typeof findServiceObstacle;
  readonly isServiceProcess: typeof isServiceProcess;
  serviceWarnings(...args: Parameters<typeof serviceWarnings>): Promise<ReturnType<typeof serviceWarnings>>;
  readonly stayStopped: typeof stayStopped;
  startLogWeb(...args: Parameters<typeof startLogWeb>): ReturnType<typeof startLogWeb>;
}

export interface ClientRuntime {
  version(): string;
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
