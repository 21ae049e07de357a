/** The interface through which channels use the gateway; they receive it at start. */
import type { InboxCursor } from '../store/delivery/inbox-cursors.js';
import type { Lane } from '../store/delivery/outbox.js';
import type { ReceivedUpdate } from '../store/delivery/inbox.js';

/** A sender who may write only after the owner's approval. */
export interface PairingCandidate {
  readonly senderId: string;
  readonly senderName: string;
}

/** A message as read by a channel. */
export interface IncomingMessage extends ReceivedUpdate {
  /** If set, the message is stored only if this sender is paired; otherwise the sender is invited to pair. */
  readonly pairing?: PairingCandidate;
}

/** Someone pressed a button under a message that asks for a decision. */
export interface ButtonPress extends Lane {
  /** Id of the press, for its answer. */
  readonly id: string;
  /** The channel's id of the message with the button, which then says what was decided. */
  readonly messageId: string;
  readonly approvalId: number;
  readonly decision: 'approve' | 'deny';
  readonly remember?: 'session';
  readonly senderName: string;
  /** The channel confirms that the message has this button. Modified apps can press buttons that do not exist. */
  readonly hasButton?: boolean;
  /** The account's policy does not let this person decide. */
  readonly isRefused?: boolean;
  /** If set, the press counts only if this sender is paired. */
  readonly pairing?: PairingCandidate;
}

/** The text shown to the person who pressed a button. */
export interface PressAnswer {
  /** Id of the press. */
  readonly id: string;
  readonly text: string;
}

/** Stores messages that a channel reads from another server, and manages which worker serves an account. */
export interface ChannelIntake {
  /**
   * Stores a batch in one transaction with the position in the source and the decisions made with buttons. Resolves when it is on
   * disk: only then may it be confirmed to the other server. @throws UNAVAILABLE if nothing was stored
   */
  store(batch: {
    messages: readonly IncomingMessage[];
    presses: readonly ButtonPress[];
    cursor: { scope: string; position: number };
  }): Promise<PressAnswer[]>;
  /** Returns the position up to which a source was read, and when; undefined when it is unknown. */
  readCursor(scope: string): Promise<InboxCursor | undefined>;
  /** Takes the lease of an account, which covers reading from it and sending. @returns false while another live worker holds it */
  acquire(channel: string, accountId: string): Promise<boolean>;
  /** Releases the lease. Never rejects. */
  release(channel: string, accountId: string): Promise<void>;
  /** Maximum time in ms that a request for messages may stay open, before other workers may consider this one dead. */
  validForMs(): number;
}

/** A command that the gateway understands in a chat. */
export interface ChatCommand {
  readonly name: string;
  readonly summary: string;
}

export interface ChannelHost {
  readonly intake: ChannelIntake;
  readonly commands: readonly ChatCommand[];
  /** To be called when an account has become ready, so that waiting messages are sent. */
  accountReady(channel: string, accountId: string): void;
}
