/** The dependencies of the worker's composition, and its results. */
import type { GatewayEvent } from '../../shared/api/gateway/events.js';
import type { ModelsDocument } from '../../shared/config/models-schema.js';
import type { ChannelStatus, StatusWarning } from '../../shared/api/gateway/status.js';
import type { WorkerVitals } from '../../shared/ipc/messages.js';
import type { ModelCall } from '../../shared/turn-usage.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import type { TelegramModule } from './channels/telegram/telegram.js';
import type { InboundModule } from './channels/webhook/inbound/inbound.js';
import type { CronWords } from './cron/preview.js';
import type { ChannelTimes } from './delivery/accounts/channel-times.js';
import type { Services } from './http/services.js';
import type * as database from './lazy/database.js';
import type { Metric } from './observe/metric.js';
import type { Issues } from './observe/issues.js';
import type { DiscoveryOptions } from './providers/discovery/discovery.js';
import type { AiModule } from './providers/provider.js';
import type { ToolServerModule } from './tools/mcp/mcp-servers.js';
import type { TraceStarter } from './tracing/span.js';
import type { CheckDatabase } from './upkeep/integrity-check.js';
import type { Deps } from './store/tasks/worker-deps.js';

export type PostgresModule = Pick<typeof database, 'postgresEngine'>;

export interface ConversationDeps extends Deps<'clock' | 'logger' | 'instanceId' | 'config'> {
  readonly paths: GatewayPaths;
  /** The `models.json` in force; a new object after each change. */
  readonly models: () => ModelsDocument;
  /** The live workers as last reported by the supervisor; always includes this one. */
  readonly liveInstanceIds: () => readonly string[];
  /** Loads the bundle for model vendors; not called again after it has succeeded. */
  readonly loadAi: () => AiModule;
  readonly loadTelegram: () => TelegramModule;
  /** Loads the bundle for MCP servers. */
  readonly loadMcp: () => ToolServerModule;
  /** Called with the process groups of MCP servers, at each change. Default: not reported. */
  readonly noteGroups?: (pids: readonly number[]) => void;
  /** Loads the PostgreSQL engine, if `store.url` is set. */
  readonly loadPostgres: () => PostgresModule;
  /** The description of this gateway shown by other gateways on the same database. Default: none. */
  readonly node?: () => { readonly version: string; readonly build?: string; readonly address: string | null };
  /** Loads the bundle that puts schedules into words, and checks calls of webhook accounts. */
  readonly loadLate: () => CronWords & { readonly inbound: InboundModule };
  /** Checks a whole database. Default: no check. */
  readonly checkDatabase?: CheckDatabase;
  /** Looks up an environment variable. Default: the process's. */
  readonly environment?: (name: string) => string | undefined;
  /** Default: the usual ports of model servers on this machine. */
  readonly discovery?: Pick<DiscoveryOptions, 'ports' | 'probe'>;
  /** 0 ≤ x < 1. Default: Math.random. */
  readonly random?: () => number;
  /** Called with each event. */
  readonly publish?: (event: GatewayEvent) => void;
  /** Default: nothing is traced. */
  readonly tracing?: TraceStarter;
  /** Called with the outcome of each model call. */
  readonly noteCall?: (call: ModelCall) => void;
  /** Requests since this worker started. Default: none. */
  readonly requests?: () => { readonly count: number; readonly failed: number };
  /** When an account entered its state. Default: unknown. */
  readonly channelTimes?: (label: string) => ChannelTimes;
}

/** The worker itself provides the others. */
export type ConversationServices = Omit<Services, 'config' | 'status' | 'events' | 'counters' | 'logs' | 'logLevel'>;

export interface ConversationLife {
  /** Opens the store. Never rejects: a failure is in the warnings, and requests are answered UNAVAILABLE until it is repaired. */
  start(): Promise<void>;
  /** Starts what only the one active worker does: channels, turns of dead workers, jobs, upkeep. */
  activate(): Promise<void>;
  /** Applies a changed configuration to channels and jobs. */
  reconfigure(): Promise<void>;
  /** Starts no new background work, within `timeoutMs` (default: as long as it takes); requests are still answered. */
  quiesce(timeoutMs?: number): Promise<void>;
  /** Lets turns end for `timeoutMs`, then aborts them. @returns how many were aborted */
  drain(timeoutMs: number): Promise<number>;
  /** Ends the rest and closes the store. */
  close(): Promise<void>;
}

export interface Conversation extends ConversationServices, ConversationLife {
  channels(): Record<string, ChannelStatus>;
  /** Current values for `/metrics`. */
  gauges(): Promise<Metric[]>;
  warnings(): StatusWarning[];
  /** The gateways that share the database; empty for a file. */
  nodes(): Pick<WorkerVitals, 'nodes'>;
  /** The parts that do not work now, or did not in the last hour. */
  readonly issues: Pick<Issues, 'current' | 'refresh'>;
  /** Called every few seconds: records the delay of the event loop, and checks that the database file is still in place. */
  beat(lateMs: number): void;
}
