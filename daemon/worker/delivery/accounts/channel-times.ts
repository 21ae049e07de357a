/** Records when each account entered its state, and its last error, since the start of this worker. */
import type { ChannelDocument } from '../../../../shared/api/channels.js';
import type { Clock } from '../../../../shared/clock.js';
import type { ChannelStatus } from '../../../../shared/api/gateway/status.js';

export type ChannelTimes = Pick<ChannelDocument, 'since' | 'lastError'>;

interface Known {
  readonly state: ChannelStatus['state'];
  readonly sinceMs: number;
  readonly lastError: ChannelTimes['lastError'];
}

export class ChannelHistory {
  readonly #clock: Clock;
  #known = new Map<string, Known>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param channels  every account by its label; others are forgotten */
  note(channels: Readonly<Record<string, ChannelStatus>>): void {
    const nowMs = this.#clock.now();
    const next = new Map<string, Known>();
    for (const [label, { state, message }] of Object.entries(channels)) {
      const before = this.#known.get(label);
      const isWrong = (state === 'failed' || state === 'backoff') && message !== undefined;
      const isNew = isWrong && (before?.state !== state || before.lastError?.message !== message);
      const lastError = isNew ? { message, at: new Date(nowMs).toISOString() } : (before?.lastError ?? null);
      next.set(label, { state, sinceMs: before?.state === state ? before.sinceMs : nowMs, lastError });
    }
    this.#known = next;
  }

  of(label: string): ChannelTimes {
    const known = this.#known.get(label);
    return { since: known === undefined ? null : new Date(known.sinceMs).toISOString(), lastError: known?.lastError ?? null };
  }
}
