/** A call of a tool that waits for a decision in a real gateway, as a turn would leave it. */
import { join } from 'node:path';
import { insertApproval } from '../../daemon/worker/store/approvals/approvals.js';
import { getSession } from '../../daemon/worker/store/conversations/sessions.js';
import { openStore } from './open-store.js';
import type { RealGateway } from './real-gateway.js';

interface Asked {
  readonly sessionKey: string;
  readonly tool: string;
  readonly input: unknown;
  readonly said: string;
}

/** @returns a function that asks; it returns the number of the approval. The page reads it when it connects the next time. */
export async function approvalsOf(gateway: RealGateway): Promise<(asked: Asked) => Promise<number>> {
  const store = await openStore({ path: join(gateway.xopcHome, 'state', 'gateway.db'), isSoleWorker: () => false });
  let turn = 0;
  return ({ sessionKey, tool, input, said }) =>
    store.write(async (tx) => {
      const { id: sessionId } = await getSession(tx, sessionKey);
      const call = { turnId: `turn_asked_${(turn += 1)}`, step: 1, callIndex: 0, sessionId, agentId: 'main', tool, input, said };
      return (await insertApproval(tx, call, { askedAtMs: Date.now(), expiresAtMs: Date.now() + 86_400_000 })).id;
    });
}
