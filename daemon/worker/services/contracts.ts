/**
 * What the HTTP routes (and later the WebSocket, cron and channels) may ask of the worker. Services know neither Koa
 * nor SQL; routes know only these shapes. Every method that fails throws a `GatewayError`.
 */
import type { ChannelStatus, StatusDocument } from '../../../shared/control/messages.js';
import type { OutgoingStatus } from '../../../shared/delivery-status.js';
import type { ErrorCode, GatewayError } from '../../../shared/errors.js';
import type { CompletionEvent, CompletionMessage, CompletionSettings } from '../providers/completion.js';
import type { CronService } from './cron-contract.js';
import type { LogService } from './log-contract.js';
import type { ModelService } from './model-contract.js';

export type { LogQuery, LogService } from './log-contract.js';
export type { ModelDocument, ModelService, ProviderDocument } from './model-contract.js';

export type { CompletionMessage, CompletionPart, CompletionSettings, CompletionTool, CompletionUsage } from '../providers/completion.js';

/** A conversation. `key` is `{agentId}:{source}:{accountId}:{peerKind}:{peerId}`. Times are ISO 8601 UTC. */
export interface SessionDocument {
  readonly key: string;
  readonly agentId: string;
  readonly channel: string;
  readonly title: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly messageCount: number;
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
}

export interface SessionService {
  /** Makes a session, or returns the existing one of that chat (or an empty one when no chat is named). @throws INVALID_REQUEST for an unknown or disabled agent */
  create(input: { channel?: string; chatId?: string; agentId?: string }): Promise<{ session: SessionDocument; created: boolean }>;
  /** Newest first. `limit` 1–200, default 50; `search` matches title and text. @throws INVALID_REQUEST for a cursor that is not ours */
  list(input: { search?: string; limit?: number; cursor?: string }): Promise<{ sessions: SessionDocument[]; nextCursor: string | null }>;
  /** @throws SESSION_NOT_FOUND */
  get(key: string): Promise<{ session: SessionDocument; messages: MessageDocument[] }>;
  /** Gone at once for everyone. @throws SESSION_NOT_FOUND */
  delete(key: string): Promise<void>;
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
  sync(message: InboundMessage, options: { deliver: boolean; signal: AbortSignal }): Promise<{ reply: string }>;
}

/** A message for a chat outside, as it was accepted, and what became of it. Times are ISO 8601 UTC. */
export interface OutgoingDocument {
  /** The `message_id` that it was accepted with. */
  readonly id: string;
  readonly channel: string;
  readonly accountId: string;
  readonly chat_id: string;
  readonly content: string;
  readonly status: OutgoingStatus;
  /** Attempts that were made since it was last queued, over all parts. */
  readonly attempts: number;
  /** How many requests it takes; 0 where being stored is the delivery. */
  readonly parts: number;
  readonly deliveredParts: number;
  /** Why the last attempt failed, or why it is dead or unknown. */
  readonly error: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly expiresAt: string;
  /** Set while it waits for another attempt. */
  readonly nextAttemptAt: string | null;
}

export interface OutgoingService {
  /** Newest first. `limit` 1–200, default 50. @throws INVALID_REQUEST for a cursor that is not ours */
  list(input: {
    status?: OutgoingStatus;
    channel?: string;
    limit?: number;
    cursor?: string;
  }): Promise<{ messages: OutgoingDocument[]; nextCursor: string | null }>;
  /** @throws NOT_FOUND */
  get(id: string): Promise<OutgoingDocument>;
  /** Sends what was not delivered of a dead or unknown message again. @throws NOT_FOUND; CONFLICT in any other state */
  retry(id: string): Promise<OutgoingDocument>;
  /** Forgets a message that has not arrived. @throws NOT_FOUND; CONFLICT while it is being sent, or when it has arrived */
  drop(id: string): Promise<void>;
}

/** One account of a channel, and how it is. */
export interface ChannelDocument {
  readonly channel: string;
  readonly accountId: string;
  readonly state: ChannelStatus['state'];
  readonly message: string | null;
}

/** Somebody who may write to an account with the policy `pairing`, or has asked to. */
export interface PairingDocument {
  readonly channel: string;
  readonly accountId: string;
  readonly senderId: string;
  readonly senderName: string;
  readonly state: 'pending' | 'approved';
  /** What the sender was told; null once approved. */
  readonly code: string | null;
  readonly createdAt: string;
  readonly expiresAt: string | null;
}

export interface ChannelService {
  list(): Promise<{ channels: ChannelDocument[]; pairings: PairingDocument[] }>;
  /** Lets the sender who was told that code write. @throws CHANNEL_NOT_FOUND; NOT_FOUND for a code that nobody was told, or too long ago */
  approve(channel: string, code: string): Promise<PairingDocument>;
  /** @throws CHANNEL_NOT_FOUND; NOT_FOUND for a sender who is not known */
  revoke(channel: string, input: { accountId?: string; senderId: string }): Promise<void>;
}

/** A call of a program that writes to an agent through a webhook account. */
export interface WebhookCall {
  readonly accountId: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** As it arrived. */
  readonly rawBody: Buffer;
}

export interface WebhookService {
  /** Judges the account's token or the signature. An account that is not set up is as one whose credentials are wrong. */
  authorize(call: WebhookCall): 'valid' | 'none' | 'wrong';
  /**
   * Takes a message in: on disk before it resolves. It is answered through the account's URL.
   * A repeated `updateId` (or signed `webhook-id`) gives the first answer again.
   * @throws UNAVAILABLE while nothing can be stored
   */
  receive(
    call: WebhookCall,
    message: { chatId: string; content: string; updateId?: string },
  ): Promise<{ messageId: string; replayed: boolean }>;
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
}

export interface AgentService {
  /**
   * Runs one turn; turns of one session run one after another, those of different sessions side by side.
   * What is wrong with the request itself is thrown before the first event: INVALID_REQUEST, MODEL_NOT_FOUND, SESSION_NOT_FOUND.
   * Failures of the provider arrive as an `error` event (AGENT_ERROR, RATE_LIMITED); an abort of `signal` ends it with what was said so far kept.
   */
  run(request: AgentRequest, signal: AbortSignal): AsyncIterable<AgentEvent>;
}

export interface StatusService {
  /** One round trip to the supervisor. @throws UNAVAILABLE when it does not answer in 2 s */
  read(): Promise<StatusDocument>;
}

/** An object of plain JSON. */
export type Fields = Readonly<Record<string, unknown>>;

export type ConfigSource = 'file' | 'env' | 'flag' | 'default';

/** A file as it is written, every secret masked (`shared/config/secret-mask.ts`). */
export interface ConfigRevision {
  /** SHA-256 of the text. */
  readonly revision: string;
  readonly config: Fields;
}

export interface ConfigView extends ConfigRevision {
  /** Whether the gateway runs with this revision. */
  readonly inForce: boolean;
  readonly path: string;
  /** In force, defaults filled in. */
  readonly effective: Fields;
  /** Dotted key → where its value in force comes from. */
  readonly sources: Readonly<Record<string, ConfigSource>>;
}

/**
 * The files that users edit. A patch is a JSON merge patch (RFC 7396); comments stay, a masked secret is kept, and the
 * file watch puts the result in force.
 * @throws CONFIG_INVALID when the file on disk cannot be used; INVALID_REQUEST when the patch would make it so;
 *   PRECONDITION_FAILED when its revision is another; CONFLICT when another writer does not finish
 */
export interface ConfigService {
  read(): Promise<ConfigView>;
  patch(changes: Fields, options: { expectedRevision?: string }): Promise<ConfigRevision>;
  /** JSON Schema of `config.json`. */
  schema(): Fields;
  readModels(): Promise<ConfigRevision>;
  patchModels(changes: Fields, options: { expectedRevision?: string }): Promise<ConfigRevision>;
}

/** One call of the chat-completions API, which is stateless unless it names a session. */
export interface CompletionCall extends CompletionSettings {
  /** An agent's id, or `provider/model`. */
  readonly model: string;
  /** At least one; oldest first. */
  readonly messages: readonly CompletionMessage[];
  /** Runs the last message as a turn of this session, as {@link AgentService} does, instead of what was sent before it. */
  readonly session?: string;
}

/** Any number of the first four, then exactly one of the others. */
export type CompletionOutput =
  | Exclude<CompletionEvent, { readonly type: 'finish' | 'failed' | 'aborted' }>
  | Extract<CompletionEvent, { readonly type: 'finish' }>
  /** After what was said so far. */
  | { readonly type: 'error'; readonly error: GatewayError };

export interface CompletionService {
  /** What `model` may be: the enabled agents, then every model that can be used. */
  models(): Promise<{ readonly id: string; readonly owner: string }[]>;
  /**
   * An agent's instructions are put before the messages, and its fallbacks are tried until a first word is said.
   * Failures before that are thrown: MODEL_NOT_FOUND, INVALID_REQUEST, AGENT_ERROR, RATE_LIMITED; later ones are an `error`.
   */
  run(call: CompletionCall, signal: AbortSignal): AsyncIterable<CompletionOutput>;
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
  readonly logs: LogService;
  readonly config: ConfigService;
}
