/**
 * What the HTTP routes (and later the WebSocket, cron and channels) may ask of the worker. Services know neither Koa
 * nor SQL; routes know only these shapes. Every method that fails throws a `GatewayError`.
 */
import type { StatusDocument } from '../../shared/control/messages.js';
import type { ApiKind } from '../../shared/config/models-schema.js';
import type { ErrorCode } from '../../shared/errors.js';
import type { AttachmentService } from './files/attachments.js';
import type { ChatService } from './chat/chat-contract.js';
import type { FileNote, GivenFile } from './files/file.js';
import type { CallerKey } from './sessions/idempotency.js';
import type { ConnectionReport } from './providers/check-connection.js';
import type { CompletionService } from './models/completion-contract.js';
import type { ConfigService } from './config/config-contract.js';
import type { CronService } from './cron/service/cron-contract.js';
import type { ChannelService, OutgoingService, WebhookService } from './delivery/delivery-contract.js';
import type { LogLevelService, LogService } from './observe/log-contract.js';
import type { OverviewService } from './observe/overview.js';
import type { UsageService } from './observe/usage.js';
import type { SessionArchive } from './sessions/session-archive.js';
import type { SessionStorage } from './sessions/session-retention.js';
import type { CounterService, EventService } from './observe/event-contract.js';

export type {
  ChannelDocument,
  ChannelService,
  OutgoingDocument,
  OutgoingService,
  PairingDocument,
  WebhookCall,
  WebhookService,
} from './delivery/delivery-contract.js';
export type { CompletionMessage, CompletionPart, CompletionSettings, CompletionTool, CompletionUsage } from './providers/completion.js';
export type { ChatEvent, ChatInput, ChatPosition, ChatService, ToolStep } from './chat/chat-contract.js';
export type { CallerKey } from './sessions/idempotency.js';
export type { CompletionCall, CompletionOutput, CompletionService, ForwardOutput } from './models/completion-contract.js';
export type { ConfigRevision, ConfigService, ConfigSource, ConfigView, Fields } from './config/config-contract.js';
export type { LogChoice, LogEvent, LogFollowQuery, LogLevelService, LogPage, LogQuery, LogService } from './observe/log-contract.js';
export type { CounterSample, CounterService, EventService, FollowedEvent, GatewayEvent } from './observe/event-contract.js';

/** A conversation. `key` is `{agentId}:{source}:{accountId}:{peerKind}:{peerId}`. Times are ISO 8601 UTC. */
export interface SessionDocument {
  readonly key: string;
  readonly agentId: string;
  readonly channel: string;
  readonly title: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly messageCount: number;
  /** `provider/model` that was chosen for it; null: what the configuration says. */
  readonly model: string | null;
  readonly pinned: boolean;
  readonly archived: boolean;
  /** The gateway has said something in it since it was last marked as read. */
  readonly unread: boolean;
  readonly tags: readonly string[];
}

/** A session as lists show it. */
export interface ListedSession extends SessionDocument {
  /** What a person or an agent said last, as one line of up to 160 characters. */
  readonly lastMessage: { readonly role: 'user' | 'assistant'; readonly text: string } | null;
  /** `provider/model` of the last turn. */
  readonly lastModel: string | null;
  /** An answer is being given in it. */
  readonly answering: boolean;
  /** Of all its turns. */
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number; readonly costUsd: number };
}

export interface MessageDocument {
  readonly id: string;
  readonly role: 'user' | 'assistant' | 'system' | 'tool';
  readonly content: string;
  readonly createdAt: string;
  /** `provider/model` that wrote it; null for the user's own. */
  readonly model: string | null;
  /** Set on an answer that was cut: `aborted`, `error`. */
  readonly status: 'complete' | 'aborted' | 'error';
  /** Where something else was said in its place: the ids of all that can be chosen there, its own too, oldest first. */
  readonly variants?: string[];
  /** Of the last message: what had been said after it before it was asked again, while nothing takes its place. */
  readonly replies?: string[];
  /** What the answer took: tokens as the provider counted them, null where it did not or no price is known. Its log lines carry `turnId`. */
  readonly turn?: {
    readonly id: string;
    readonly inputTokens: number | null;
    readonly outputTokens: number | null;
    readonly costUsd: number | null;
    readonly durationMs: number;
  };
  /** Files of it. */
  readonly attachments?: FileNote[];
}

export interface SessionListInput {
  readonly search?: string;
  readonly limit?: number;
  readonly cursor?: string;
  /** Those that were deleted and can be brought back, instead of those that live. */
  readonly deleted?: boolean;
}

export interface SessionService {
  /** Makes a session, or returns the existing one of that chat (or an empty one when no chat is named). @throws INVALID_REQUEST for an unknown or disabled agent */
  create(
    input: { channel?: string; chatId?: string; agentId?: string },
    idempotency?: CallerKey,
  ): Promise<{ session: SessionDocument; created: boolean }>;
  /**
   * Pinned ones first, then newest first. `limit` 1–200, default 50; `search`: words of title and text, and filters.
   * @throws INVALID_REQUEST for a cursor that is not ours, or a filter that cannot be
   */
  list(input: SessionListInput): Promise<{ sessions: ListedSession[]; nextCursor: string | null }>;
  /** How much there is of each kind, and how long it is kept. */
  storage(): Promise<SessionStorage>;
  /** Tags that are in use, in the order of the alphabet; at most 500. */
  tags(): Promise<string[]>;
  /** @throws SESSION_NOT_FOUND */
  get(
    key: string,
    query?: { limit?: number },
  ): Promise<{ session: SessionDocument; usage: ListedSession['usage']; messages: MessageDocument[] }>;
  /** Gone at once for everyone. @returns until when it can be brought back @throws SESSION_NOT_FOUND */
  delete(key: string): Promise<{ restorableUntil: string }>;
  /** Brings the session of that key back that was deleted last. @throws SESSION_NOT_FOUND; CONFLICT while one of that key lives */
  restore(key: string): Promise<SessionDocument>;
}

/** The body of `POST /api/message` and `/api/message/sync`; snake_case where documents fixed it. */
export interface InboundMessage {
  readonly channel: string;
  readonly chatId: string;
  readonly content: string;
  readonly accountId?: string;
}

export interface MessageService {
  /**
   * Accepts a message for a chat: on disk before it resolves.
   * The same idempotency key with the same body gives the first answer again.
   * @throws CHANNEL_NOT_FOUND; CONFLICT for the same key with another body; UNAVAILABLE while nothing can be stored
   */
  accept(message: InboundMessage, options: { idempotencyKey?: string }): Promise<{ messageId: string; replayed: boolean }>;
  /** Handles the message as if that chat had said it. `deliver` also sends the reply to the chat. */
  sync(message: InboundMessage, options: { deliver: boolean; signal: AbortSignal; idempotency?: CallerKey }): Promise<{ reply: string }>;
}

/** One event of a running turn, in order; exactly one `done` or `error` ends it. */
export type AgentEvent =
  | { readonly type: 'delta'; readonly text: string }
  | { readonly type: 'tool'; readonly name: string; readonly state: 'call' | 'result' | 'error'; readonly detail: string }
  | {
      readonly type: 'done';
      readonly reply: string;
      readonly session: string;
      readonly model: string;
      /** Of all models that were asked; null where one did not count, or a price is not known. */
      readonly usage: { readonly inputTokens: number | null; readonly outputTokens: number | null; readonly costUsd: number | null };
    }
  | {
      readonly type: 'error';
      readonly code: ErrorCode;
      /** With what to do as its last sentence. */
      readonly message: string;
      /** As in the API's error document; `retryAfterSeconds` where the provider named a time. */
      readonly details?: Readonly<Record<string, unknown>>;
    };

export interface AgentRequest {
  /** Reaches the model verbatim as the last message. */
  readonly message: string;
  /** A session key, or a short name that becomes `{agent}:api:default:direct:{name}`. Default `default`. */
  readonly session?: string;
  readonly agentId?: string;
  /** `provider/model` for this turn only. */
  readonly model?: string;
  readonly attachments?: readonly GivenFile[];
  /** The turn is run once for it, also without anybody who listens; a repeat gets its answer. */
  readonly idempotency?: CallerKey;
}

export interface AgentService {
  /**
   * Runs one turn; turns of one session run one after another, those of different sessions side by side.
   * What is wrong with the request itself is thrown before the first event: INVALID_REQUEST, MODEL_NOT_FOUND, SESSION_NOT_FOUND;
   * CONFLICT for an idempotency key that was used for something else.
   * Failures of the provider arrive as an `error` event (AGENT_ERROR, RATE_LIMITED); an abort of `signal` ends it with what was said so far kept.
   */
  run(request: AgentRequest, signal: AbortSignal): AsyncIterable<AgentEvent>;
}

export interface ModelDocument {
  /** `provider/model`. */
  readonly id: string;
  readonly name: string;
  readonly provider: string;
  readonly contextWindow: number | null;
  readonly maxTokens: number | null;
  readonly reasoning: boolean;
  readonly input: readonly string[];
}

export interface ProviderDocument {
  readonly id: string;
  readonly name: string;
  readonly api: string;
  readonly baseUrl: string;
  /** Whether it has what it needs (a key where one is wanted). */
  readonly configured: boolean;
  /** `models.json`, or the environment variable that switched it on. */
  readonly source: string;
}

/** A provider that is set up, or is about to be. */
export interface ProviderTest {
  readonly id?: string;
  readonly baseUrl?: string;
  readonly apiKey?: string;
  readonly api?: ApiKind;
  readonly model?: string;
}

export interface ModelService {
  providers(): Promise<ProviderDocument[]>;
  models(): Promise<ModelDocument[]>;
  /** Asks a provider for its models. @throws INVALID_REQUEST where it is not clear whom, or a stored key would go to another server */
  test(provider: ProviderTest): Promise<ConnectionReport>;
}

export interface StatusService {
  /** One round trip to the supervisor. @throws UNAVAILABLE when it does not answer in 2 s */
  read(): Promise<StatusDocument>;
}

/** Everything the routes can call. */
export interface Services {
  readonly sessions: SessionService;
  readonly messages: MessageService;
  readonly outgoing: OutgoingService;
  readonly webhooks: WebhookService;
  readonly channelAccounts: ChannelService;
  readonly agent: AgentService;
  readonly models: ModelService;
  readonly cron: CronService;
  readonly completions: CompletionService;
  readonly status: StatusService;
  readonly overview: OverviewService;
  readonly usage: UsageService;
  readonly logs: LogService;
  readonly logLevel: LogLevelService;
  readonly config: ConfigService;
  readonly events: EventService;
  readonly chat: ChatService;
  readonly archive: SessionArchive;
  readonly attachments: AttachmentService;
  /** What chats take as commands. */
  commands(): readonly { readonly name: string; readonly summary: string }[];
  readonly counters: CounterService;
}
