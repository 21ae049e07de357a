/** What agents' turns used, by day, model and session. One day is read at a time, so that a long time holds nothing up. */
import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../../shared/clock.js';
import { GUIDE_REF } from '../turns/model/guide.js';
import type { Store } from '../store/store.js';
import { readSessionsById, sumUsage, type UsageRow } from '../store/overview/usage.js';
import { toSessionDocument } from '../store/conversations/sessions.js';

export interface UsageAmounts {
  readonly turns: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly costUsd: number;
  readonly unpricedTurns: number;
}

export interface ModelUsage extends UsageAmounts {
  readonly model: string;
}

export interface Usage {
  readonly total: UsageAmounts;
  readonly days: readonly { readonly date: string; readonly models: readonly ModelUsage[] }[];
  readonly models: readonly ModelUsage[];
  readonly sessions: readonly (UsageAmounts & { readonly key: string; readonly title: string; readonly channel: string })[];
}

export interface UsageService {
  read(span: { readonly days: number; readonly utcOffsetMinutes: number }): Promise<Usage>;
}

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

function plus(sum: UsageAmounts, row: UsageRow): UsageAmounts {
  return {
    turns: sum.turns + row.turns,
    inputTokens: sum.inputTokens + row.input_tokens,
    outputTokens: sum.outputTokens + row.output_tokens,
    cacheReadTokens: sum.cacheReadTokens + row.cache_read_tokens,
    cacheWriteTokens: sum.cacheWriteTokens + row.cache_write_tokens,
    costUsd: sum.costUsd + row.cost_usd,
    unpricedTurns: sum.unpricedTurns + row.unpriced_turns,
  };
}

/** Sums by whatever name a row has. */
class Sums<Key> {
  readonly #sums = new Map<Key, UsageAmounts>();

  add(key: Key, row: UsageRow): void {
    this.#sums.set(key, plus(this.#sums.get(key) ?? NOTHING, row));
  }

  /** The dearest first; where nothing has a price, the longest. */
  sorted(): [Key, UsageAmounts][] {
    const tokens = ({ inputTokens, outputTokens }: UsageAmounts): number => inputTokens + outputTokens;
    return [...this.#sums].toSorted(([, one], [, two]) => two.costUsd - one.costUsd || tokens(two) - tokens(one));
  }
}

const byModel = (sums: Sums<string>): ModelUsage[] => sums.sorted().map(([model, amounts]) => ({ model, ...amounts }));

/** The begin of the caller's day. */
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

export function createUsageService({ store, clock }: { store: Store; clock: Clock }): UsageService {
  return {
    async read({ days, utcOffsetMinutes }) {
      const offsetMs = utcOffsetMinutes * MINUTE_MS;
      const today = dayStart(clock.now(), offsetMs);
      const [models, sessions] = [new Sums<string>(), new Sums<number>()];
      const read: { date: string; models: ModelUsage[] }[] = [];
      let total = NOTHING;
      for (let back = days - 1; back >= 0; back -= 1) {
        const fromMs = today - back * DAY_MS;
        const rows = await store.read((tx) => sumUsage(tx, { fromMs, toMs: fromMs + DAY_MS, except: GUIDE_REF }));
        const day = new Sums<string>();
        for (const row of rows) {
          day.add(row.model, row);
          models.add(row.model, row);
          sessions.add(row.session_id, row);
          total = plus(total, row);
        }
        read.push({ date: new Date(fromMs + offsetMs).toISOString().slice(0, 10), models: byModel(day) });
        await setImmediate();
      }
      return { total, days: read, models: byModel(models), sessions: await topSessions(store, sessions) };
    },
  };
}
