/** A turn that waits for a person, of a worker that is gone. */
import { appendMessage } from '../../daemon/worker/store/conversations/messages.js';
import { beginTurn } from '../../daemon/worker/store/conversations/turns.js';
import type { Store } from '../../daemon/worker/store/store.js';
import { queriesOf } from '../../daemon/worker/store/transaction.js';
import { parkTurn } from '../../daemon/worker/store/turns/waiting-turns.js';
import { addSession } from './open-store.js';

/** Returns the turn, the question that it answers, and its session. All that it has asked is decided. */
export async function addWaitingTurn(
  store: Store,
  { name, nowMs = 1_000, agentId = 'main' }: { readonly name: string; readonly nowMs?: number; readonly agentId?: string },
): Promise<{ readonly turnId: string; readonly questionId: string; readonly sessionId: number }> {
  const { id: sessionId } = await addSession(store, name);
  const [turnId, questionId] = [`turn_${name}`, `msg_${name}`];
  await store.write(async (tx) => {
    await beginTurn(tx, { id: turnId, sessionId, agentId, tokenId: null, instanceId: 'wk_0', nowMs });
    const question = { id: questionId, sessionId, turnId, content: 'go', model: null, nowMs };
    await appendMessage(tx, { ...question, role: 'user', status: 'complete' });
    await parkTurn(tx, { id: turnId, questionId });
  });
  return { turnId, questionId, sessionId };
}

export async function stateOfTurn(store: Store, id: string): Promise<string | undefined> {
  const row = await store.read((tx) => queriesOf(tx).selectFrom('turns').select('state').where('id', '=', id).executeTakeFirst());
  return row?.state;
}
