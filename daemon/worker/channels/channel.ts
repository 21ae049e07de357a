/** The port to chats: a web page, a messenger, a webhook. */
import type { ChannelStatus } from '../../../shared/api/gateway/status.js';
import type { ChannelHost } from './host.js';

/** A text for a chat, before the channel has formatted it. */
export interface Composition {
  /** The gateway's id of the message. A channel passes it on if it can, so that the receiver drops duplicates. */
  readonly id: string;
  readonly accountId: string;
  readonly chatId: string;
  /** Markdown. */
  readonly content: string;
  readonly nowMs: number;
  /** The channel's id of the message that showed this text while it was being written. */
  readonly previewId?: string | undefined;
  /** A decision that the text asks for; a channel with buttons shows them. */
  readonly approvalId?: number | undefined;
}

/** One request to the other side, as composed and stored. */
export interface Delivery {
  /** The same at every attempt. */
  readonly id: string;
  readonly accountId: string;
  readonly chatId: string;
  /** One of the bodies of {@link Channel.compose}, unchanged. */
  readonly body: string;
}

/**
 * The outcome of an attempt. `refused`: not delivered, and never will be. `failed`: not delivered, but may be later. `unknown`: it
 * may have been delivered. `changed`: not delivered; `body` is to be sent instead. `interrupted`: `signal` stopped the attempt before
 * anything was sent.
 */
export type SendOutcome =
  | { readonly type: 'delivered'; /** The channel's id of the message, if it can be edited. */ readonly sentId?: string | undefined }
  | { readonly type: 'refused'; readonly reason: string }
  | { readonly type: 'failed'; readonly reason: string; readonly retryAfterMs?: number }
  | { readonly type: 'unknown'; readonly reason: string }
  | { readonly type: 'changed'; readonly body: string }
  | { readonly type: 'interrupted' };

/** One message each `intervalMs` on average, of which `burst` may be sent at once. */
export interface Rate {
  readonly intervalMs: number;
  readonly burst: number;
}

/** How fast a channel takes messages. */
export interface Pace {
  /** For all chats of the account together. */
  readonly account: Rate;
  readonly chat: Rate;
  /** The chat whose rate `chat` is, such as the group of a topic. Default: the chat itself. */
  readonly chatId?: string;
}

/** The facts of a chat that other parts of the gateway use. */
export interface ChatFacts {
  readonly peerKind: 'direct' | 'group';
  /** The agent that answers there; undefined: the default one. */
  readonly agentId: string | undefined;
  /** The last part of the session's key, where it is not the chat's id. */
  readonly peerId?: string;
}

/** Shows an answer while it is being written. It is optional, so its errors are ignored. */
export interface Preview {
  /** Shows the text so far. Returns at once. */
  update(text: string): void;
  /** Ends the preview. Returns the channel's id of its message, if there is one. */
  end(): Promise<string | undefined>;
}

export interface PreviewTarget {
  readonly accountId: string;
  readonly chatId: string;
  /** The message of an earlier attempt. */
  readonly previewId: string | undefined;
  /** Called once the message exists. */
  onShown(previewId: string): void;
}

/** `missing`: the file does not exist and never will. `failed`: it may be readable later. Reading the bytes may fail in the middle. */
export type OpenedFile =
  | { readonly type: 'opened'; readonly sizeBytes: number | undefined; readonly bytes: AsyncIterable<Buffer> }
  | { readonly type: 'missing'; readonly reason: string }
  | { readonly type: 'failed'; readonly reason: string };

/** One account of a channel, as far as others use it. */
export interface ServedAccount {
  /** Whether a send may succeed now: the account is started and has not failed. */
  isReady(): boolean;
  /** Whether the account can be served with its lease: it is started and has not failed. Default: when it is ready. */
  canServe?(): boolean;
  /**
   * Stops reading the account's messages while `move` hands its lease to another worker; sends in progress continue. Returns the
   * result of `move`. Default: nothing is read.
   */
  handOver?(move: () => Promise<boolean>): Promise<boolean>;
  /** One attempt. Never rejects. */
  send(delivery: Delivery, signal: AbortSignal): Promise<SendOutcome>;
  openPreview?(target: PreviewTarget): Preview | undefined;
  /** Reads a file that a person has sent. Undefined for channels without files. Never rejects. */
  openFile?(fileId: string, signal: AbortSignal): Promise<OpenedFile>;
}

/** One channel with all its accounts. */
export interface Channel {
  /** Lower-case, as in session keys and in the API's `channel`. */
  readonly name: string;
  /** Returns the name of a configured account, by default that of the default account; undefined if it is not configured. */
  findAccount(accountId: string | undefined): string | undefined;
  describeChat(accountId: string, chatId: string): ChatFacts;
  /** Called for a message that is not an answer. @throws INVALID_REQUEST if nobody would receive it */
  checkReceiver?(accountId: string): void;
  /** Converts a text into bodies to send, in order. None: the text is delivered by being stored in its session. @throws INVALID_REQUEST */
  compose(message: Composition): string[];
  /** Starts to receive and to send; only in the one active worker. Resolves without waiting for the other side. */
  start(host: ChannelHost): Promise<void>;
  /** Receives nothing more; what was received is stored. Sends in progress continue for a short time; this does not wait for them. */
  stop(): Promise<void>;
  /** Applies a changed configuration, if started. */
  reconfigure(): Promise<void>;
  /** Undefined: the account is not started. */
  account(accountId: string): ServedAccount | undefined;
  /**
   * Whether a repeated delivery does no harm: the other side drops it by its id.
   * @param body  given for a delivery whose worker ended, so that no outcome is known: whether that request may be repeated
   */
  isIdempotent(accountId: string, body?: string): boolean;
  /** Undefined: limited only by how fast the other side answers. */
  paceOf?(chatId: string): Pace | undefined;
  /** State by account, including accounts that are not started. */
  health(): Readonly<Record<string, ChannelStatus>>;
}
