/** What a channel that reads from another server needs of the gateway: a place for what it reads, and the right to read. */
import type { ReceivedUpdate } from '../delivery/inbox.js';

/** Somebody who may write only once the owner has approved of it. */
export interface PairingCandidate {
  readonly senderId: string;
  readonly senderName: string;
}

/** A message as a channel has read it. */
export interface IncomingMessage extends ReceivedUpdate {
  /** Set: it is taken in only if that sender is paired; otherwise the sender is told how to become so. */
  readonly pairing?: PairingCandidate;
}

export interface ChannelIntake {
  /**
   * Takes a batch in, in one transaction with how far it has been read. Resolves when it is on disk: only then may it be
   * confirmed to the other server.
   * @throws UNAVAILABLE; then nothing of it was stored
   */
  take(batch: { messages: readonly IncomingMessage[]; cursor: { scope: string; position: number } }): Promise<void>;
  /** @returns how far a source had been read, if that was not too long ago to mean anything */
  readCursor(scope: string): Promise<number | undefined>;
  /** Takes the right to read a source. @returns false while another live worker has it */
  acquire(source: string): Promise<boolean>;
  /** Gives it back; never rejects. */
  release(source: string): Promise<void>;
}
