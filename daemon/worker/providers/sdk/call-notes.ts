/** Vendor data of tool calls that callers cannot carry. Part of the bundle that speaks to vendors. */
import type { SdkCallOptions } from './sdk-call.js';

const MAX_NOTES = 1_000;
const MAX_NOTE_CHARACTERS = 65_536;

/**
 * Keeps vendor data that must return with a tool call and that callers of the APIs cannot carry: Google's signature of
 * the reasoning before it. After a restart it is missing, and the model only loses that reasoning.
 */
export class CallNotes {
  readonly #notes = new Map<string, NonNullable<SdkCallOptions['providerOptions']>>();

  keep(callId: string, metadata: SdkCallOptions['providerOptions']): void {
    if (metadata?.['google'] === undefined || JSON.stringify(metadata).length > MAX_NOTE_CHARACTERS) return;
    this.#notes.set(callId, metadata);
    for (const oldest of this.#notes.keys()) {
      if (this.#notes.size <= MAX_NOTES) break;
      this.#notes.delete(oldest);
    }
  }

  of(callId: string): SdkCallOptions['providerOptions'] {
    return this.#notes.get(callId);
  }
}
