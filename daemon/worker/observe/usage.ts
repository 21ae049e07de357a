/** Usage of agents' turns by day, model, session and access token. Days are read one at a time, so that a long span delays nobody. */
import { setImmediate } from 'node:timers/promises';
import type { ModelUsage, Usage, UsageAmounts, UsageQuery } from '../../../shared/api/gateway/usage.js';
import type { Clock } from '../../../shared/clock.js';
import { GUIDE_REF } from '../turns/model/guide.js';
import type { Store } from '../store/store.js';
import { readSessionsById, sumUsage } from '../store/overview/usage.js';
import { toSessionDocument } from '../store/conversations/sessions.js';

export type UsageService = ReturnType<typeof createUsageService>;

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const MAX_SESSIONS = 50;

const NOTHING: UsageAmounts = {
  turns: 0,
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  costUsd: 0,
  unpricedTurns: 0,
};

const NAMES = Object.keys(NOTHING) as (keyof UsageAmounts)[];

function plus(sum: UsageAmounts, part: UsageAmounts): UsageAmounts {
  return Object.fromEntries(NAMES.map((name) => [name, sum[name] + part[name]])) as UsageAmounts;
}

class Sums<Key> {
  readonly #sums = new Map<Key, UsageAmounts>();

  add(key: Key, part: UsageAmounts): void {
    this.#sums.set(key, plus(this.#sums.get(key) ?? NOTHING, part));
  }

  /** Highest cost first; without prices, most tokens first. */
  sorted(): [Key, UsageAmounts][] {
    const tokens = ({ inputTokens, outputTokens }: UsageAmounts): number => inputTokens + outputTokens;
    return [...this.#sums].toSorted(([, one], [, two]) => two.costUsd - one.costUsd || tokens(two) - tokens(one));
  }
}

const byModel = (sums: Sums<string>): ModelUsage[] => sums.sorted().map(([model, amounts]) => ({ model, ...amounts }));

/** Returns the start of the caller's day. */
function dayStart(nowMs: number, offsetMs: number): number {
  return Math.floor((nowMs + offsetMs) / DAY_MS) * DAY_MS - offsetMs;
}

async function topSessions(store: Store, sums: Sums<number>): Promise<Usage['sessions']> {
  const top = sums.sorted().slice(0, MAX_SESSIONS);
  const rows = await store.read((tx) =>
    readSessionsById(
      tx,
      top.map(([id]) => id),
    ),
  );
  return top.flatMap(([id, amounts]) => {
    const row = rows.find((session) => session.id === id);
    if (row === undefined) return [];
    const { key, title, channel } = toSessionDocument(row);
    return [{ key, title, channel, ...amounts }];
  });
}

export function createUsageService({ store, clock }: { store: Store; clock: Clock }) {
  return {
    async read({ days, utcOffsetMinutes }: UsageQuery): Promise<Usage> {
      const offsetMs = utcOffsetMinutes * MINUTE_MS;
      const today = dayStart(clock.now(), offsetMs);
      const [models, sessions, tokens] = [new Sums<string>(), new Sums<number>(), new Sums<string>()];
      const names = new Map<string, string>();
      const read: { date: string; models: ModelUsage[] }[] = [];
      let total = NOTHING;
      for (let back = days - 1; back >= 0; back -= 1) {
        const fromMs = today - back * DAY_MS;
        const rows = await store.read((tx) => sumUsage(tx, { fromMs, toMs: fromMs + DAY_MS, except: GUIDE_REF }));
        const day = new Sums<string>();
        for (const row of rows) {
          day.add(row.model, row);
          models.add(row.model, row);
          sessions.add(row.sessionId, row);
          if (row.tokenId !== null) {
            tokens.add(row.tokenId, row);
            names.set(row.tokenId, row.tokenName ?? row.tokenId);
          }
          total = plus(total, row);
        }
        read.push({ date: new Date(fromMs + offsetMs).toISOString().slice(0, 10), models: byModel(day) });
        await setImmediate();
      }
      const byToken = tokens.sorted().map(([id, amounts]) => ({ id, name: names.get(id) ?? id, ...amounts }));
      return { total, days: read, models: byModel(models), sessions: await topSessions(store, sessions), tokens: byToken };
    },
  };
}
