/**
 * The tables as the code sees them; the migrations create them. Times are epoch milliseconds, texts may contain any character. Only
 * `store/` knows these shapes.
 */
import type { Generated, Kysely, Selectable } from 'kysely';
import type { MessageDocument } from '../../../shared/api/sessions.js';
import type { OutgoingStatus } from '../../../shared/delivery-status.js';
import type { CutOff } from '../../../shared/turn-usage.js';
import type { ApprovalGrantTable, ApprovalTable } from './approvals/tables.js';
import type { CronJobTable, CronRunTable } from './cron/tables.js';
import type { ResponseConversationTable, ResponseEventTable, ResponseItemTable, ResponseTable } from './responses/tables.js';
import type { SessionSummaryTable } from './summaries/tables.js';
import type { CallUsageTable, MinuteSampleTable, ModelCallTable, SpendingReservationTable, SpendingTable } from './overview/tables.js';
import type { TurnCallTable, TurnStepTable } from './turns/tables.js';
import type { AttachmentTable, SessionTable, SessionTagTable, TurnPartTable } from './conversations/tables.js';

/** A message. `seq` is the order in which messages were committed, over all sessions. */
export interface MessageTable {
  seq: Generated<number>;
  id: string;
  session_id: number;
  turn_id: string | null;
  role: MessageDocument['role'];
  content: string;
  model: string | null;
  status: MessageDocument['status'];
  created_at: number;
  /** Null: on the chosen branch, after the previous message. Otherwise the `seq` of its predecessor outside of the branch; 0: none. */
  parent_seq: Generated<number | null>;
  /** How long the tool call ran; null for other messages, and if it was not measured. */
  duration_ms: Generated<number | null>;
}

/** `running` ends in exactly one of the others; `waiting`, for a person's decision, continues as `running`. */
export type TurnState = 'running' | 'waiting' | 'done' | 'aborted' | 'error' | 'interrupted';

/** `stopped` by a reader of the answer, or because its session was `deleted`. */
export type TurnStopReason = 'stopped' | 'deleted';

/** One question and its outcome. */
export interface TurnTable {
  id: string;
  session_id: number;
  agent_id: string;
  state: TurnState;
  /** The worker that runs it. */
  instance_id: string;
  model: string | null;
  error_code: string | null;
  error_message: string | null;
  input_tokens: number | null;
  output_tokens: number | null;
  /** Parts of the input tokens. */
  cache_read_tokens: Generated<number | null>;
  cache_write_tokens: Generated<number | null>;
  /** US dollars; null if a price is unknown. */
  cost_usd: Generated<number | null>;
  /** 0 once the turn has had an external effect; then it continues only if its steps are stored. */
  is_repeatable: Generated<number>;
  created_at: number;
  finished_at: number | null;
  /** Why its worker should end it, or why the model ended it early. */
  stop_reason: Generated<TurnStopReason | CutOff | null>;
  /** The access token that requested it, with its current or last name; null: none. */
  token_id: Generated<string | null>;
  token_name: Generated<string | null>;
  /** The message that it answers; null until it has asked a person. */
  question_id: Generated<string | null>;
  /** How often it was continued since it last began to wait. */
  resumes: Generated<number>;
  /** The chat to which its reply is delivered, as JSON; null: none, or the chat of the message that it answers. */
  reply_to: Generated<string | null>;
}

/** The first use of a caller's key, so that a repeated request gets the first answer. */
export interface IdempotencyKeyTable {
  scope: string;
  key: string;
  body_hash: string;
  result: string;
  created_at: number;
}

/** Which instance may work on what (`session:{id}`, `config`); invalid as soon as that instance is dead. */
export interface LeaseTable {
  key: string;
  owner: string;
  acquired_at: number;
}

/** A message for a chat outside. `seq` is the order in which a chat gets its messages. */
export interface OutboxMessageTable {
  seq: Generated<number>;
  id: string;
  channel: string;
  account_id: string;
  chat_id: string;
  /** The text as it was accepted, for people; what is sent is in the parts. */
  content: string;
  state: OutgoingStatus;
  /** The worker that sends it now. */
  instance_id: string | null;
  /** Not before this time. */
  due_at: number;
  attempted_at: number | null;
  expires_at: number;
  last_error: string | null;
  created_at: number;
  updated_at: number;
  /** Null until it is delivered, unknown or dead. */
  finished_at: number | null;
  /** The channel's id of the part that was sent last, if that can be edited. */
  sent_id: Generated<string | null>;
}

/** One request to the channel. A long text is several, sent in the order of `part`, from 1. */
export interface OutboxPartTable {
  message_seq: number;
  part: number;
  /** What the channel sends, byte for byte, at every attempt. */
  body: string;
  state: OutgoingStatus;
  /** Number of attempts that the channel answered or that failed; interrupted ones do not count. */
  attempts: Generated<number>;
}

/**
 * `pending → running → done | failed | interrupted | poisoned`. `failed`: its turn could not begin. `interrupted`: it was
 * unfinished in a backup that was restored. `poisoned`: it crashed the worker too often.
 * `waiting`: its turn waits for a person's decision, and then it is `pending` again; it has `finished_at`, so that a build
 * before this one leaves it alone.
 */
export type InboxState = 'pending' | 'running' | 'waiting' | 'done' | 'failed' | 'interrupted' | 'poisoned';

/** A message received from a chat. `id` becomes the id of the message in the chat's session. */
export interface InboxMessageTable {
  seq: Generated<number>;
  id: string;
  channel: string;
  account_id: string;
  /** The scope in which `update_id` is unique: one bot, one sender of webhooks. */
  scope: string;
  update_id: string;
  chat_id: string;
  peer_kind: 'direct' | 'group';
  content: string;
  state: InboxState;
  /** Written before the attempt, so that an attempt that kills the worker counts too. */
  attempts: Generated<number>;
  instance_id: string | null;
  turn_id: string | null;
  /** The channel's id of a message that shows the answer while it is being written. */
  preview_id: string | null;
  /** The characters of its answer that the chat has got before a question to a person; null: none. */
  sent_length: Generated<number | null>;
  /** The message that is answered once more; null: this one. */
  question_id: Generated<string | null>;
  /** The access token that sent it. */
  token_id: Generated<string | null>;
  error: string | null;
  received_at: number;
  finished_at: number | null;
}

/** The position up to which a channel's updates have been read. */
export interface InboxCursorTable {
  scope: string;
  position: number;
  updated_at: number;
}

/** Senders who may write to an account with the policy `pairing`, or have requested it. */
export interface PairingTable {
  channel: string;
  account_id: string;
  sender_id: string;
  sender_name: string;
  /** The code sent to the sender, which the owner approves; null once approved. */
  code: string | null;
  expires_at: number | null;
  created_at: number;
}

/** `hash`: of the secret and of the gateway's token that was in force. `token_id`: the access token that a session was created with. */
interface PageSecretTable {
  hash: string;
  kind: 'session' | 'link';
  expires_at: number;
  token_id: string | null;
}

/** `scopes` and `agents` are JSON lists. */
interface AccessTokenTable {
  id: string;
  name: string;
  hash: string;
  /** Null for tokens created by an older build. */
  prefix: string | null;
  scopes: string;
  agents: string | null;
  requests_per_minute: number | null;
  daily_usd: number | null;
  created_at: number;
  expires_at: number | null;
  last_used_at: number | null;
  /** The address of the client. */
  last_used_from: string | null;
}

/** One row. */
interface GatewayIdentityTable {
  id: string;
}

export interface Schema {
  sessions: SessionTable;
  session_tags: SessionTagTable;
  messages: MessageTable;
  turns: TurnTable;
  turn_parts: TurnPartTable;
  turn_steps: TurnStepTable;
  turn_calls: TurnCallTable;
  attachments: AttachmentTable;
  session_summaries: SessionSummaryTable;
  idempotency_keys: IdempotencyKeyTable;
  leases: LeaseTable;
  outbox_messages: OutboxMessageTable;
  outbox_parts: OutboxPartTable;
  inbox_messages: InboxMessageTable;
  inbox_cursors: InboxCursorTable;
  pairings: PairingTable;
  cron_jobs: CronJobTable;
  cron_runs: CronRunTable;
  minute_samples: MinuteSampleTable;
  model_calls: ModelCallTable;
  page_secrets: PageSecretTable;
  access_tokens: AccessTokenTable;
  spending: SpendingTable;
  spending_reservations: SpendingReservationTable;
  call_usage: CallUsageTable;
  gateway_identity: GatewayIdentityTable;
  responses: ResponseTable;
  response_items: ResponseItemTable;
  response_events: ResponseEventTable;
  response_conversations: ResponseConversationTable;
  approvals: ApprovalTable;
  approval_grants: ApprovalGrantTable;
}

/** The query builder behind a `Transaction`. */
export type Queries = Kysely<Schema>;

export type AccessTokenRow = Selectable<AccessTokenTable>;
export type SessionRow = Selectable<SessionTable>;
export type TurnRow = Selectable<TurnTable>;
export type CronJobRow = Selectable<CronJobTable>;
export type CronRunRow = Selectable<CronRunTable>;
