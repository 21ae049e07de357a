/** A gateway with fake workers and real files and sockets, whose configuration is edited. */
import { onTestFinished } from 'vitest';
import { ConfigChanges } from '../../daemon/supervisor/config/config-changes.js';
import { LOOK_MS } from '../../daemon/supervisor/config/config-watch.js';
import { adoptListenSocket, bindListenSocket, type ListenSocket } from '../../daemon/supervisor/socket/listen-socket.js';
import type { GatewayResources } from '../../daemon/supervisor/succession/gateway-resources.js';
import type { Succession } from '../../daemon/supervisor/succession/succession.js';
import { answerWorker, type WorkerRequests } from '../../daemon/supervisor/workers/worker-requests.js';
import { type FakeChild, readyMessage } from './fake-child.js';
import { Supervised } from './supervised.js';

export interface Changing {
  readonly gateway: Supervised;
  readonly changes: ConfigChanges;
  readonly applied: () => number;
  socket(): ListenSocket;
  /** Edits the file and lets the watch find it. */
  edit(content: unknown): void;
  /** The worker answers what it was asked last. */
  answers(child: FakeChild, fields?: Record<string, unknown>): void;
  /** A new worker comes up in the place of the one that runs. */
  replaced(child: FakeChild): void;
}

interface ChangingOptions {
  readonly port?: number;
  readonly origin?: ListenSocket['origin'];
  readonly succession?: Pick<Succession, 'settled' | 'isOver'>;
}

export async function changing(options: ChangingOptions = {}): Promise<Changing> {
  const gateway = new Supervised();
  const bound = await bindListenSocket('127.0.0.1', options.port ?? 0);
  let current = options.origin === undefined ? bound : adoptListenSocket(bound.handle, { host: '127.0.0.1', origin: options.origin });
  onTestFinished(() => current.close());
  gateway.home.writeConfig({ gateway: { host: '127.0.0.1', port: current.port } });
  gateway.config.accept(gateway.config.editedSource());
  const use = (socket: ListenSocket): void => {
    current = socket;
    gateway.resources.openSocket = socket;
  };
  const resources = {
    get socket() {
      return current;
    },
    use,
  } as unknown as GatewayResources;
  let applied = 0;
  const { config, supervisor, clock } = gateway;
  const changes = new ConfigChanges({
    config,
    supervisor,
    clock,
    log: gateway.logger.log,
    resources,
    succession: options.succession ?? { settled: Promise.resolve(), isOver: false },
    onApplied: () => (applied += 1),
  });
  onTestFinished(() => changes.close());
  const requests: WorkerRequests = {
    status: { document: () => ({}) as never },
    restart: () => undefined,
    rotateLogs: () => undefined,
    recordChildren: () => undefined,
    configResult: (worker, result) => changes.answered(worker, result),
  };
  supervisor.on('workerMessage', (worker, message) => answerWorker(requests, worker, message));
  supervisor.on('active', (worker, source) => changes.workerActive(worker, source));
  use(current);
  supervisor.dispatch({ type: 'start' });
  const listens = (child: FakeChild): void => {
    child.says(readyMessage());
    child.says({ type: 'listening' });
  };
  listens(gateway.worker);
  changes.start();
  return {
    gateway,
    changes,
    applied: () => applied,
    socket: () => current,
    edit(content) {
      gateway.home.writeConfig(content);
      clock.advance(LOOK_MS + 200);
    },
    answers: (child, fields = {}) =>
      child.says({ type: 'configResult', hash: child.last('applyConfig')?.['hash'], outcome: 'applied', problems: [], ...fields }),
    replaced(child) {
      const [before] = gateway.workers.slice(-2);
      listens(child);
      before?.says({ type: 'quiesced' });
      before?.exits();
    },
  };
}
