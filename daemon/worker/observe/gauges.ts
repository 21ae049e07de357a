/** What is so at this moment, for `/metrics`. */
import type { ChannelStatus } from '../../../shared/control/messages.js';
import { GatewayError } from '../../../shared/errors.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import { countUndelivered } from '../store/delivery/outbox-pages.js';
import type { Store } from '../store/store.js';
import type { CounterSample } from '../contracts.js';

export interface GaugeOptions {
  readonly store: Store;
  readonly logger: LogPort;
  readonly channels: () => Readonly<Record<string, ChannelStatus>>;
}

function channelGauge(channels: Readonly<Record<string, ChannelStatus>>): CounterSample {
  const values = Object.entries(channels).map(([channel, { state }]) => ({ labels: { channel }, value: state === 'running' ? 1 : 0 }));
  return { name: 'xopc_channel_up', help: 'Whether a channel runs.', kind: 'gauge', values };
}

/** @returns what can be read; a store out of order leaves its part out */
export async function readGauges({ store, logger, channels }: GaugeOptions): Promise<CounterSample[]> {
  const gauges = [channelGauge(channels())];
  try {
    const counts = await store.read(countUndelivered);
    const values = counts.map(({ state, count }) => ({ labels: { status: state }, value: count }));
    return [
      ...gauges,
      { name: 'xopc_outbox_messages', help: 'Messages to chats that are not delivered, by their status.', kind: 'gauge', values },
    ];
  } catch (error) {
    // A store that is out of order says so itself, and this is asked every few seconds.
    const isDown = error instanceof GatewayError && error.code === 'UNAVAILABLE';
    if (!isDown) logger.warn({ err: error }, 'the outbox cannot be counted');
    return gauges;
  }
}
