/** The service for a session's summaries: lists them, and restores the full history for its model. */
import type { GatewayEvent } from '../../../shared/api/gateway/events.js';
import type { SessionSummary } from '../../../shared/api/session-archive.js';
import type { Clock } from '../../../shared/clock.js';
import { GatewayError } from '../../../shared/errors.js';
import { getSession, type Session } from '../store/conversations/sessions.js';
import { findSummary, listSummaries, type Summary, undoSummaries } from '../store/summaries/summaries.js';
import type { Store } from '../store/store.js';
import type { Transaction } from '../store/transaction.js';

function toDocument(summary: Summary, inUse: string | undefined): SessionSummary {
  const { id, coversSeq: seq, content, model, usage, createdAtMs, undoneAtMs } = summary;
  const state = undoneAtMs !== null ? 'undone' : id === inUse ? 'inUse' : 'earlier';
  return { id, state, seq, content, model, usage, createdAt: new Date(createdAtMs).toISOString() };
}

async function readAll(tx: Transaction, { id: sessionId, contextAfterSeq: afterSeq }: Session): Promise<SessionSummary[]> {
  const inUse = await findSummary(tx, { sessionId, afterSeq });
  return (await listSummaries(tx, sessionId)).map((summary) => toDocument(summary, inUse?.id));
}

export function createSummaryService({
  store,
  clock,
  publish,
}: {
  readonly store: Store;
  readonly clock: Clock;
  readonly publish: (event: Extract<GatewayEvent, { type: 'session' }>) => void;
}) {
  return {
    /** Returns the newest summaries of a session. @throws SESSION_NOT_FOUND */
    summaries: (key: string): Promise<SessionSummary[]> => store.read(async (tx) => readAll(tx, await getSession(tx, key))),

    /** Restores the full history of a session in its context. @throws SESSION_NOT_FOUND; NOT_FOUND for an unknown summary */
    async undoSummary(key: string, id: string): Promise<SessionSummary[]> {
      const { isUndone, summaries } = await store.write(async (tx) => {
        const session = await getSession(tx, key);
        const known = await listSummaries(tx, session.id);
        if (!known.some((summary) => summary.id === id))
          throw new GatewayError('NOT_FOUND', { message: `there is no summary '${id}' in this session`, details: { session: key } });
        const undone = await undoSummaries(tx, { sessionId: session.id, nowMs: clock.now() });
        return { isUndone: undone, summaries: await readAll(tx, session) };
      });
      if (isUndone) publish({ type: 'session', session: key, change: 'updated' });
      return summaries;
    },
  };
}
