/** The order in which the parts of a conversation begin and end. */
import type { ProviderRegistry } from './providers/registry.js';
import type { Store } from './store/store.js';
import type { LocalDiscovery } from './providers/discovery/discovery.js';
import type { AiLoader } from './providers/ai-loader.js';
import type { CronParts } from './cron/create-cron.js';
import type { DeliveryParts, DeliveryStart } from './delivery/create-delivery.js';
import type { Conversation } from './compose.js';
import type { IntegrityCheck } from './upkeep/integrity-check.js';
import type { Samples } from './observe/samples.js';
import type { TurnRunner } from './turns/turn-runner.js';
import type { Upkeep } from './upkeep/upkeep.js';

/** What has a life. */
export interface LivingParts extends DeliveryStart {
  readonly store: Store;
  readonly ai: AiLoader;
  readonly discovery: LocalDiscovery;
  readonly cron: CronParts;
  readonly delivery: DeliveryParts;
  readonly upkeep: Upkeep;
  readonly integrity: IntegrityCheck | undefined;
  readonly samples: Samples;
  readonly turns: TurnRunner;
  readonly registry: () => ProviderRegistry;
}

type Lifecycle = Pick<Conversation, 'start' | 'activate' | 'reconfigure' | 'quiesce' | 'drain' | 'close'>;

/** Started in order, stopped in reverse. */
export function lifecycleOf(parts: LivingParts): Lifecycle {
  const { store, ai, discovery, cron, delivery, upkeep, integrity, samples, turns, registry } = parts;
  async function quiesce(timeoutMs = Infinity): Promise<void> {
    ai.cancel();
    discovery.stop();
    await cron.quiesce();
    await delivery.quiesce(timeoutMs);
    await upkeep.stop();
    await integrity?.stop();
  }
  return {
    start: () => store.open(),
    async activate() {
      ai.loadWhenIdle(() => registry().hasProvider);
      await upkeep.start();
      await delivery.start(parts);
      await cron.start(turns);
      discovery.start();
      integrity?.start();
      samples.start();
    },
    async reconfigure() {
      await delivery.channels.reconfigure();
      cron.reconfigure();
    },
    quiesce,
    drain: (timeoutMs) => turns.drain(timeoutMs),
    async close() {
      await quiesce();
      await turns.drain(0);
      await cron.close();
      await delivery.close();
      await samples.stop();
      await store.close();
    },
  };
}
