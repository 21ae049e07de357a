/** How long sessions are kept, as the configuration says, and what they take. */
import type { Config } from '../../../shared/config/schema.js';
import { SESSION_KINDS, type SessionKind } from '../../../shared/session-kinds.js';
import type { PurgeStep } from '../store/conversations/purge.js';
import { countSessionKinds, expireSessions, trimSessions } from '../store/conversations/session-retention.js';
import { readDatabaseSize } from '../store/sqlite/database-file.js';
import type { Store } from '../store/store.js';

export interface SessionStorage {
  /** With the log of what is not in it yet. Null where the database is not there. */
  readonly databaseBytes: number | null;
  readonly kinds: readonly {
    readonly kind: SessionKind;
    readonly sessions: number;
    readonly messages: number;
    /** Null: for ever. */
    readonly maxAgeDays: number | null;
    /** Null: all. */
    readonly maxMessages: number | null;
  }[];
}

const DAY_MS = 24 * 60 * 60 * 1_000;

/** What is to be removed now: nothing, where nothing is limited. */
export function retentionSteps({ sessions }: Config, nowMs: number): PurgeStep[] {
  return SESSION_KINDS.flatMap((kind) => {
    const { maxAgeDays, maxMessages } = sessions.retention[kind];
    const expire: PurgeStep = (tx) => expireSessions(tx, { kind, beforeMs: nowMs - (maxAgeDays ?? 0) * DAY_MS, nowMs });
    const trim: PurgeStep = (tx) => trimSessions(tx, { kind, keep: maxMessages ?? 0 });
    return [...(maxAgeDays === null ? [] : [expire]), ...(maxMessages === null ? [] : [trim])];
  });
}

export async function readSessionStorage(store: Store, databasePath: string, config: Config): Promise<SessionStorage> {
  const [counts, databaseBytes] = await Promise.all([store.read(countSessionKinds), readDatabaseSize(databasePath)]);
  return {
    databaseBytes,
    kinds: counts.map((count) => ({ ...count, ...config.sessions.retention[count.kind] })),
  };
}
