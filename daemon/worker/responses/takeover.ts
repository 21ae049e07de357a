/** Whether a worker may write a background response that nobody writes. */
import type { Config } from '../../../shared/config/schema.js';
import { GatewayError } from '../../../shared/errors.js';
import { isAgentEnabled } from '../config/agents.js';
import type { Liveness } from '../store/liveness.js';
import type { OpenResponse } from '../store/responses/background.js';
import { findResponse } from '../store/responses/responses.js';
import type { Transaction } from '../store/transaction.js';
import { MAX_ATTEMPTS } from '../turns/attempts.js';

const INTERRUPTED = new GatewayError('UNAVAILABLE', {
  message: 'The response was interrupted because the gateway stopped, after effects that must not be repeated or with its caller.',
});
const POISONED = new GatewayError('UNAVAILABLE', { message: `The gateway failed ${MAX_ATTEMPTS} times while it wrote this response.` });

/** Returns why a response of a dead worker is not written again; undefined: it is. */
export function failureOf({ isBackground, isRepeatable, attempts, instanceId }: OpenResponse): GatewayError | undefined {
  if (!isBackground || !isRepeatable) return INTERRUPTED;
  return instanceId !== null && attempts >= MAX_ATTEMPTS ? POISONED : undefined;
}

/** Whether only other gateways have the agent that a response is requested from. */
export async function isLeftToOthers(
  tx: Transaction,
  id: string,
  { config, liveness }: { readonly config: () => Config; readonly liveness: Pick<Liveness, 'isServedElsewhere'> },
): Promise<boolean> {
  const { model } = (await findResponse(tx, { id, viewer: undefined }))?.document ?? {};
  if (model === undefined || model.includes('/') || isAgentEnabled(config(), model)) return false;
  return liveness.isServedElsewhere(tx, [`agent:${model}`]);
}
