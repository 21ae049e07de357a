/** Whether a worker may write a background response that nobody writes. */
import type { Config } from '../../../shared/config/schema.js';
import { GatewayError } from '../../../shared/errors.js';
import { isAgentEnabled } from '../config/agents.js';
import type { Liveness } from '../store/liveness.js';
import { type OpenResponse, readModel, readOpenResponses } from '../store/responses/background.js';
import type { Store } from '../store/store.js';
import { MAX_ATTEMPTS } from '../turns/interrupted-turn.js';

const INTERRUPTED = new GatewayError('UNAVAILABLE', {
  message: 'The response was interrupted: the gateway stopped, or was restored from a backup, before it was complete.',
});
const POISONED = new GatewayError('UNAVAILABLE', { message: `The gateway failed ${MAX_ATTEMPTS} times while it wrote this response.` });

/** Returns why a response of a dead worker is not written again; undefined: it is. */
export function failureOf({ isBackground, attempts, instanceId }: OpenResponse): GatewayError | undefined {
  if (!isBackground) return INTERRUPTED;
  return instanceId !== null && attempts >= MAX_ATTEMPTS ? POISONED : undefined;
}

interface BatchOptions {
  readonly store: Pick<Store, 'read'>;
  readonly instanceId: string;
  readonly liveness: Pick<Liveness, 'living'>;
}

/** Yields the open responses, oldest first, with the workers that live. */
export async function* openBatches({ store, instanceId, liveness }: BatchOptions) {
  for (let after: OpenResponse | undefined; ;) {
    const place = { instanceId, after };
    const batch = await store.read(async (tx) => ({ ...(await readOpenResponses(tx, place)), living: await liveness.living(tx) }));
    yield batch;
    if (batch.areAll) return;
    after = batch.open.at(-1);
  }
}

export interface LeftOptions {
  readonly store: Pick<Store, 'read'>;
  readonly liveness: Pick<Liveness, 'isServedElsewhere'>;
  readonly config: () => Config;
}

/** The responses that are left to other gateways, because only these have the agent that they are requested from. */
export class LeftResponses {
  readonly #options: LeftOptions;
  /** Response → its model. */
  readonly #models = new Map<string, string>();
  /** Model → whether its responses are left to others, as decided in this pass. */
  readonly #decided = new Map<string, boolean>();

  constructor(options: LeftOptions) {
    this.#options = options;
  }

  /** Begins a pass, in which each model is decided about again. */
  begin(): void {
    this.#decided.clear();
  }

  async includes(id: string): Promise<boolean> {
    const model = this.#models.get(id) ?? (await this.#options.store.read((tx) => readModel(tx, id)));
    if (model === undefined) return false;
    const isLeft = this.#decided.get(model) ?? (await this.#decide(model));
    this.#decided.set(model, isLeft);
    if (isLeft) this.#models.set(id, model);
    return isLeft;
  }

  /** Forgets the responses that have ended. */
  keep(openIds: ReadonlySet<string>): void {
    for (const id of this.#models.keys()) if (!openIds.has(id)) this.#models.delete(id);
  }

  async #decide(model: string): Promise<boolean> {
    const { store, config, liveness } = this.#options;
    if (model.includes('/') || isAgentEnabled(config(), model)) return false;
    return store.read((tx) => liveness.isServedElsewhere(tx, [`agent:${model}`]));
  }
}
