/** What the worker's composition needs, and what it makes. */
import type { GatewayEvent } from '../../shared/api/gateway/events.js';
import type { Clock } from '../../shared/clock.js';
import type { ModelsDocument } from '../../shared/config/models-schema.js';
import type { Config } from '../../shared/config/schema.js';
import type { ChannelStatus, StatusWarning } from '../../shared/control/messages.js';
import type { WorkerVitals } from '../../shared/ipc/messages.js';
import type { LogPort } from '../../shared/log/log-port.js';
import type { ModelCall } from '../../shared/turn-usage.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import type { TelegramModule } from './channels/telegram/telegram.js';
import type { InboundModule } from './channels/webhook/inbound/inbound.js';
import type { PostgresModule } from './create-store.js';
import type { CronWords } from './cron/preview.js';
import type { ChannelTimes } from './delivery/accounts/channel-times.js';
import type { Services } from './http/services.js';
import type { Metric } from './observe/metric.js';
import type { Issues } from './observe/issues.js';
import type { DiscoveryOptions } from './providers/discovery/discovery.js';
import type { AiModule } from './providers/provider.js';
import type { ToolServerModule } from './tools/mcp/mcp-servers.js';
import type { TraceStarter } from './tracing/span.js';
import type { CheckDatabase } from './upkeep/integrity-check.js';

export interface ConversationDeps {
  readonly paths: GatewayPaths;
  /** The configuration in force. */
  readonly config: () => Config;
  /** The `models.json` in force; another object when it has changed. */
  readonly models: () => ModelsDocument;
  readonly instanceId: string;
  /** The workers that live, as the supervisor last reported; this one counts in any case. */
  readonly liveInstanceIds: () => readonly string[];
  readonly logger: LogPort;
  readonly clock: Clock;
  /** Loads the bundle that speaks to model vendors; called at most once while it succeeds. */
  readonly loadAi: () => AiModule;
  readonly loadTelegram: () => TelegramModule;
  /** Loads the bundle that speaks to MCP servers. */
  readonly loadMcp: () => ToolServerModule;
  /** Called with the process groups of MCP servers, at each change. Default: nobody has to know. */
  readonly noteGroups?: (pids: readonly number[]) => void;
  /** Loads the engine of PostgreSQL, where `store.url` is set. */
  readonly loadPostgres: () => PostgresModule;
  /** What other gateways on the same database show of this one. Default: nothing. */
  readonly node?: () => { readonly version: string; readonly address: string | null };
  /** Loads the bundle that puts schedules into words, and checks calls of webhook accounts. */
  readonly loadLate: () => CronWords & { readonly inbound: InboundModule };
  /** Reads a whole database. Default: none is checked. */
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
  /** Called with how each model call went. */
  readonly noteCall?: (call: ModelCall) => void;
  /** Requests since this worker started. Default: none. */
  readonly requests?: () => { readonly count: number; readonly failed: number };
  /** Since when an account has been in its state. Default: unknown. */
  readonly channelTimes?: (label: string) => ChannelTimes;
}

/** The worker itself has the others. */
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
  /** The gateways that share the database; none where it is a file. */
  nodes(): Pick<WorkerVitals, 'nodes'>;
  /** What does not work now, or did not in the last hour. */
  readonly issues: Pick<Issues, 'current' | 'refresh'>;
  /** Called every few seconds: records by how much the event loop was late, and looks whether the database is still in its place. */
  beat(lateMs: number): void;
}
