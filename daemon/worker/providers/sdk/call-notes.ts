/** Vendor data of tool calls that callers cannot carry. Part of the vendor bundle. */
import type { SdkCallOptions } from './sdk-call.js';

const MAX_NOTES = 1_000;
const MAX_NOTE_CHARACTERS = 65_536;

type VendorOptions = SdkCallOptions['providerOptions'];

/** Key of the data for the whole message that begins with this call. */
const messageOf = (callId: string): string => `message ${callId}`;

/**
 * Keeps vendor data that must return with a tool call, or with its message, and that callers of the APIs cannot carry: Google's
 * signature of the reasoning before it. After a restart it is missing: Google's own API continues without that reasoning, others
 * refuse the calls of Gemini 3.
 */
export class CallNotes {
  readonly #notes = new Map<string, NonNullable<VendorOptions>>();

  keep(callId: string, metadata: VendorOptions): void {
    if (metadata?.['google'] !== undefined) this.#set(callId, metadata);
  }

  /** @param callId  id of the message's first call */
  keepOfMessage(callId: string, fields: VendorOptions): void {
    if (fields !== undefined) this.#set(messageOf(callId), fields);
  }

  of(callId: string): VendorOptions {
    return this.#notes.get(callId);
  }

  ofMessage(callId: string): VendorOptions {
    return this.#notes.get(messageOf(callId));
  }

  #set(key: string, metadata: NonNullable<VendorOptions>): void {
    if (JSON.stringify(metadata).length > MAX_NOTE_CHARACTERS) return;
    this.#notes.set(key, metadata);
    for (const oldest of this.#notes.keys()) {
      if (this.#notes.size <= MAX_NOTES) break;
      this.#notes.delete(oldest);
    }
  }
}
