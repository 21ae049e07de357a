/** What channels need of the gateway. They get it when they are started. */
import type { ReceivedUpdate } from '../store/delivery/inbox.js';

/** A sender who may write only once the owner has approved of it. */
export interface PairingCandidate {
  readonly senderId: string;
  readonly senderName: string;
}

/** A message as a channel has read it. */
export interface IncomingMessage extends ReceivedUpdate {
  /** Set: the message is stored only if that sender is paired; otherwise the sender is invited to pair. */
  readonly pairing?: PairingCandidate;
}

/** A place for messages that a channel reads from another server, and the right to read them. */
export interface ChannelIntake {
  /**
   * Stores a batch, in one transaction with how far the source was read. Resolves when it is on disk: only then may it be
   * confirmed to the other server.
   * @throws UNAVAILABLE; then nothing of it was stored
   */
  store(batch: { messages: readonly IncomingMessage[]; cursor: { scope: string; position: number } }): Promise<void>;
  /** @returns how far a source was read; undefined when that is not known, or too long ago to be valid */
  readCursor(scope: string): Promise<number | undefined>;
  /** Takes the poll lease of a source. @returns false while another live worker holds it */
  acquire(source: string): Promise<boolean>;
  /** Releases the poll lease. Never rejects. */
  release(source: string): Promise<void>;
}

/** A command that the gateway understands in a chat. */
export interface ChatCommand {
  readonly name: string;
  readonly summary: string;
}

export interface ChannelHost {
  readonly intake: ChannelIntake;
  readonly commands: readonly ChatCommand[];
  /** Call when an account has become ready: what waits for it can be sent. */
  accountReady(channel: string, accountId: string): void;
}
