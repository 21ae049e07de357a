/**
 * Adds up the usage of agents' turns, and of calls outside of turns, by day, model, session, agent, kind and access token. Days are
 * read one at a time, so that a long period delays nobody.
 */
import { setImmediate } from 'node:timers/promises';
import type { ModelUsage, Usage, UsageAmounts, UsageQuery } from '../../../shared/api/gateway/usage.js';
import { type Clock, DAY_MS, MINUTE_MS } from '../../../shared/clock.js';
import { GUIDE_REF } from '../../../shared/config/defaults.js';
import type { Store } from '../store/store.js';
import { readCallUsage } from '../store/overview/call-usage.js';
import { readSessionsById, sumUsage } from '../store/overview/usage.js';
import { toSessionDocument } from '../store/conversations/sessions.js';

export type UsageService = ReturnType<typeof createUsageService>;

const MAX_SESSIONS = 50;

const NOTHING: UsageAmounts = {
  turns: 0,
  calls: 0,
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  costUsd: 0,
  unpricedTurns: 0,
  unpricedCalls: 0,
};

const NAMES = Object.keys(NOTHING) as (keyof UsageAmounts)[];

/** @param part  missing values are 0 */
function plus(sum: UsageAmounts, part: Partial<UsageAmounts>): UsageAmounts {
  return Object.fromEntries(NAMES.map((name) => [name, sum[name] + (part[name] ?? 0)])) as UsageAmounts;
}

class Sums<Key> {
  readonly #sums = new Map<Key, UsageAmounts>();

  add(key: Key, part: Partial<UsageAmounts>): void {
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

export interface UsageServiceOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** Calls that are not stored yet. */
  readonly calls: { flush(): Promise<void> };
}

interface Part extends Partial<UsageAmounts> {
  readonly kind: Usage['kinds'][number]['kind'];
  readonly model: string;
  readonly agentId: string;
  readonly sessionId: number | null;
  readonly tokenId: string;
  readonly tokenName: string;
}

/** Returns the usage in a period, in all groupings. */
async function readParts(store: Store, span: { fromMs: number; toMs: number }): Promise<Part[]> {
  return store.read(async (tx) => {
    const turns = await sumUsage(tx, { ...span, except: GUIDE_REF });
    const calls = await readCallUsage(tx, span);
    return [
      ...turns.map(({ tokenId, tokenName, ...turn }): Part => {
        return { kind: 'turn', ...turn, tokenId: tokenId ?? '', tokenName: tokenName ?? tokenId ?? '' };
      }),
      ...calls.map((call): Part => ({ ...call, sessionId: null })),
    ];
  });
}

class Report {
  readonly models = new Sums<string>();
  readonly sessions = new Sums<number>();
  readonly agents = new Sums<string>();
  readonly kinds = new Sums<Part['kind']>();
  readonly #tokens = new Sums<string>();
  readonly #tokenNames = new Map<string, string>();
  total = NOTHING;

  add(part: Part): void {
    this.models.add(part.model, part);
    this.kinds.add(part.kind, part);
    if (part.sessionId !== null) this.sessions.add(part.sessionId, part);
    if (part.agentId !== '') this.agents.add(part.agentId, part);
    if (part.tokenId !== '') this.#tokens.add(part.tokenId, part);
    this.#tokenNames.set(part.tokenId, part.tokenName);
    this.total = plus(this.total, part);
  }

  tokens(): Usage['tokens'] {
    return this.#tokens.sorted().map(([id, amounts]) => ({ id, name: this.#tokenNames.get(id) ?? id, ...amounts }));
  }
}

export function createUsageService({ store, clock, calls }: UsageServiceOptions) {
  return {
    async read({ days, utcOffsetMinutes }: UsageQuery): Promise<Usage> {
      await calls.flush();
      const offsetMs = utcOffsetMinutes * MINUTE_MS;
      const today = dayStart(clock.now(), offsetMs);
      const report = new Report();
      const read: { date: string; models: ModelUsage[] }[] = [];
      for (let back = days - 1; back >= 0; back -= 1) {
        const fromMs = today - back * DAY_MS;
        const day = new Sums<string>();
        for (const part of await readParts(store, { fromMs, toMs: fromMs + DAY_MS })) {
          day.add(part.model, part);
          report.add(part);
        }
        read.push({ date: new Date(fromMs + offsetMs).toISOString().slice(0, 10), models: byModel(day) });
        await setImmediate();
      }
      return {
        total: report.total,
        days: read,
        models: byModel(report.models),
        sessions: await topSessions(store, report.sessions),
        agents: report.agents.sorted().map(([agentId, amounts]) => ({ agentId, ...amounts })),
        kinds: report.kinds.sorted().map(([kind, amounts]) => ({ kind, ...amounts })),
        tokens: report.tokens(),
      };
    },
  };
}
