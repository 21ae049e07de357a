/** The port from channels to the gateway; channels get it at their start. */
import type { ReceivedUpdate } from '../store/delivery/inbox.js';

/** A sender who may write only after the owner's approval. */
export interface PairingCandidate {
  readonly senderId: string;
  readonly senderName: string;
}

/** A message as a channel has read it. */
export interface IncomingMessage extends ReceivedUpdate {
  /** If set, the message is stored only if this sender is paired; otherwise the sender is invited to pair. */
  readonly pairing?: PairingCandidate;
}

/** Stores messages that a channel reads from another server, and manages which worker serves an account. */
export interface ChannelIntake {
  /**
   * Stores a batch, in one transaction with how far the source was read. Resolves when it is on disk: only then may it be
   * confirmed to the other server.
   * @throws UNAVAILABLE; then nothing of it was stored
   */
  store(batch: { messages: readonly IncomingMessage[]; cursor: { scope: string; position: number } }): Promise<void>;
  /** Returns the position up to which a source was read; undefined when it is unknown or too old to be valid. */
  readCursor(scope: string): Promise<number | undefined>;
  /** Takes the lease of an account, which covers reading from it and sending. @returns false while another live worker holds it */
  acquire(channel: string, accountId: string): Promise<boolean>;
  /** Releases the lease. Never rejects. */
  release(channel: string, accountId: string): Promise<void>;
  /** For how long, in ms, a request for messages may stay open: others may then take this worker for dead. */
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
