/** How long sessions are kept, and how much space they take. */
import type { SessionStorage } from '../../../shared/api/sessions.js';
import { DAY_MS } from '../../../shared/clock.js';
import type { Config } from '../../../shared/config/schema.js';
import { SESSION_KINDS } from '../../../shared/sessions/kinds.js';
import type { PurgeStep } from '../store/conversations/purge.js';
import { countSessionKinds } from '../store/conversations/session-list.js';
import { expireSessions, trimSessions } from '../store/conversations/session-removal.js';
import type { Store } from '../store/store.js';

/** Returns the steps that remove what the configuration no longer keeps. */
export function retentionSteps({ sessions }: Config, nowMs: number): PurgeStep[] {
  return SESSION_KINDS.flatMap((kind) => {
    const { maxAgeDays, maxMessages } = sessions.retention[kind];
    const expire: PurgeStep = (tx) => expireSessions(tx, { kind, beforeMs: nowMs - (maxAgeDays ?? 0) * DAY_MS, nowMs });
    const trim: PurgeStep = (tx) => trimSessions(tx, { kind, keep: maxMessages ?? 0 });
    return [...(maxAgeDays === null ? [] : [expire]), ...(maxMessages === null ? [] : [trim])];
  });
}

export async function readSessionStorage(store: Store, config: Config): Promise<SessionStorage> {
  const [counts, databaseBytes] = await Promise.all([store.read(countSessionKinds), store.readSize()]);
  return {
    databaseBytes,
    kinds: counts.map((count) => ({ ...count, ...config.sessions.retention[count.kind] })),
  };
}
