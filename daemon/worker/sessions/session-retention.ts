/** Decides how long sessions are kept, and reports how much space they take. */
import type { SessionStorage } from '../../../shared/api/sessions.js';
import { DAY_MS } from '../../../shared/clock.js';
import type { Config } from '../../../shared/config/schema.js';
import { SESSION_KINDS, type SessionKind, sessionKindOf } from '../../../shared/sessions/kinds.js';
import type { PurgeStep } from '../store/conversations/purge.js';
import { countSessionKinds } from '../store/conversations/session-list.js';
import { expireSessions, trimSessions } from '../store/conversations/session-removal.js';
import type { Session } from '../store/conversations/sessions.js';
import type { Store } from '../store/store.js';

/** Returns the time before which sessions of a kind expire; undefined if they do not. */
function expiryOf({ sessions }: Config, { kind, nowMs }: { kind: SessionKind; nowMs: number }): number | undefined {
  const { maxAgeDays } = sessions.retention[kind];
  return maxAgeDays === null ? undefined : nowMs - maxAgeDays * DAY_MS;
}

/** Returns whether a session has not been used for as long as its kind is kept. */
export function isExpired({ channel, updatedAtMs }: Session, config: Config, nowMs: number): boolean {
  const beforeMs = expiryOf(config, { kind: sessionKindOf(channel), nowMs });
  return beforeMs !== undefined && updatedAtMs < beforeMs;
}

/** Returns the steps that remove what the configuration no longer keeps. */
export function retentionSteps(config: Config, nowMs: number): PurgeStep[] {
  return SESSION_KINDS.flatMap((kind) => {
    const beforeMs = expiryOf(config, { kind, nowMs });
    const { maxMessages } = config.sessions.retention[kind];
    const expire: PurgeStep = (tx) => expireSessions(tx, { kind, beforeMs: beforeMs ?? 0, nowMs });
    const trim: PurgeStep = (tx) => trimSessions(tx, { kind, keep: maxMessages ?? 0 });
    return [...(beforeMs === undefined ? [] : [expire]), ...(maxMessages === null ? [] : [trim])];
  });
}

export async function readSessionStorage(store: Store, config: Config): Promise<SessionStorage> {
  const [counts, databaseBytes] = await Promise.all([store.read(countSessionKinds), store.readSize()]);
  return {
    databaseBytes,
    kinds: counts.map((count) => ({ ...count, ...config.sessions.retention[count.kind] })),
  };
}
