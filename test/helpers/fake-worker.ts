/** A worker process as the supervisor sees it, with a fake child behind it. */
import { WorkerProcess } from '../../daemon/supervisor/workers/worker-process.js';
import type { ExitRecord } from '../../shared/api/gateway/status.js';
import type { WorkerBoot, WorkerMessage } from '../../shared/ipc/messages.js';
import { createRedactor } from '../../shared/node/secrets/redact.js';
import { type FakeChild, fakeSpawn, readyMessage } from './fake-child.js';
import { FakeClock } from './fake-clock.js';
import { recordingLogger, type RecordingLogger } from './recording-logger.js';

export interface FakeWorker {
  readonly worker: WorkerProcess;
  readonly child: FakeChild;
  readonly clock: FakeClock;
  readonly logger: RecordingLogger;
  /** What its owner was told. */
  readonly messages: WorkerMessage[];
  readonly exits: ExitRecord[];
}

export function workerBoot(fields: Partial<WorkerBoot> = {}): WorkerBoot {
  return {
    instanceId: 'wk_1',
    supervisorPid: process.pid,
    home: '/nowhere',
    configPath: '/nowhere/config.json',
    configSource: '/nowhere/config.json',
    modelsSource: '/nowhere/models.json',
    dataDir: '/nowhere',
    liveInstanceIds: ['wk_1'],
    ...fields,
  };
}

export function fakeWorker(options: { clock?: FakeClock; instanceId?: string; secrets?: string[] } = {}): FakeWorker {
  const clock = options.clock ?? new FakeClock();
  const { spawn, last } = fakeSpawn();
  const logger = recordingLogger();
  const messages: WorkerMessage[] = [];
  const exits: ExitRecord[] = [];
  const worker = new WorkerProcess({
    boot: workerBoot({ instanceId: options.instanceId ?? 'wk_1' }),
    extra: { EXTRA: 'yes' },
    clock,
    log: logger.log,
    handlers: { onMessage: (_worker, message) => messages.push(message), onExit: (_worker, record) => exits.push(record) },
    redactor: createRedactor(options.secrets ?? []),
    spawn,
  });
  return { worker, child: last(), clock, logger, messages, exits };
}

/** One that has booted, listens and is active. */
export function activeWorker(options: Parameters<typeof fakeWorker>[0] = {}): FakeWorker {
  const fake = fakeWorker(options);
  fake.child.says(readyMessage());
  fake.child.says({ type: 'listening' });
  fake.worker.activate();
  return fake;
}
