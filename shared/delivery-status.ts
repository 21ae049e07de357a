/** The delivery states of a message to a chat: `queued → sending → delivered | retry_wait | unknown | dead`; from `retry_wait` back to `sending`. */
export const OUTGOING_STATUSES = ['queued', 'sending', 'retry_wait', 'delivered', 'unknown', 'dead'] as const;

export type OutgoingStatus = (typeof OUTGOING_STATUSES)[number];

/** Final states: nothing more happens to such a message automatically. */
export function isFinalStatus(status: string): boolean {
  return status === 'delivered' || status === 'unknown' || status === 'dead';
}
