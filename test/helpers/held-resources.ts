/** Lock and sockets of a gateway in a home of its own, with a fake clock. */
import { onTestFinished } from 'vitest';
import { GatewayResources, type Predecessor } from '../../daemon/supervisor/succession/gateway-resources.js';
import { ControlClient } from './control-socket.js';
import { FakeClock } from './fake-clock.js';
import { type GatewayHome, gatewayHome } from './gateway-home.js';
import { recordingLogger } from './recording-logger.js';

export const ADDRESS = { host: '127.0.0.1', port: 0 };

export interface Held {
  readonly home: GatewayHome;
  readonly resources: GatewayResources;
  readonly clock: FakeClock;
  /** Acquires lock and sockets for this address. */
  acquire(address?: { host: string; port: number }): Promise<void>;
  messages(): string[];
}

export function holding(instanceId: string, options: { home?: GatewayHome; predecessor?: Predecessor } = {}): Held {
  const { home = gatewayHome(), predecessor } = options;
  const clock = new FakeClock(Date.now());
  const logger = recordingLogger();
  const resources = new GatewayResources({
    paths: home.paths,
    clock,
    log: logger.log,
    record: { instanceId, createdAt: '2026-03-01T12:00:00.000Z', version: '0.0.0' },
    predecessor,
  });
  onTestFinished(() => resources.release());
  const acquire = (address = ADDRESS): Promise<void> =>
    resources.acquire({ address, passed: { listenFds: 0 }, handler: () => Promise.resolve({ instanceId }) });
  return { home, resources, clock, acquire, messages: () => logger.messages() };
}

export async function whoAnswers({ home }: Held): Promise<unknown> {
  const client = await ControlClient.connect(home.paths.controlPath);
  const { result } = await client.outcome({ id: 'r', type: 'status' });
  return (result as { instanceId: string }).instanceId;
}
