/** The note that people see below an answer that its model did not finish. */
import type { CutOff } from '../turn-usage.js';

export const CUT_OFF_NOTES: Readonly<Record<CutOff, string>> = {
  length: "The answer was cut off at the model's limit.",
  content_filter: "The answer was cut off by the provider's content filter.",
};

/** Returns an answer as sent to chats. */
export function withCutOff(reply: string, cutOff: CutOff | undefined): string {
  return cutOff === undefined ? reply : `${reply}\n\n⚠️ ${CUT_OFF_NOTES[cutOff]}`;
}
