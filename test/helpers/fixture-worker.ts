/** A worker process that is real, and runs a fixture instead of the gateway's own program. */
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type SpawnChild, spawnProgram } from '../../daemon/supervisor/workers/child-process.js';
import { WorkerProcess } from '../../daemon/supervisor/workers/worker-process.js';
import type { ExitRecord } from '../../shared/api/gateway/status.js';
import { createRedactor } from '../../shared/node/secrets/redact.js';
import type { WorkerMessage } from '../../shared/ipc/messages.js';
import { FakeClock } from './fake-clock.js';
import { workerBoot } from './fake-worker.js';
import { recordingLogger, type RecordingLogger } from './recording-logger.js';

export const workerFixture = (name: string): string => join(import.meta.dirname, '..', 'fixtures', 'workers', name);

/** Starts that program whatever role is asked for. What still runs at the end of the test is killed. */
export function spawnFixture(script: string): SpawnChild {
  return (options, handlers) => {
    const child = spawnProgram([script], options, handlers);
    onTestFinished(() => child.kill());
    return child;
  };
}

export class FixtureWorker {
  readonly clock = new FakeClock();
  readonly logger: RecordingLogger = recordingLogger();
  readonly worker: WorkerProcess;
  readonly messages: WorkerMessage[] = [];
  /** How it ended. */
  readonly exited: Promise<ExitRecord>;
  #onMessage: (() => void) | undefined;

  constructor(script: string) {
    let onExit: (record: ExitRecord) => void = () => undefined;
    this.exited = new Promise((resolve) => (onExit = resolve));
    this.worker = new WorkerProcess({
      boot: workerBoot(),
      extra: {},
      clock: this.clock,
      log: this.logger.log,
      redactor: createRedactor(),
      handlers: {
        onMessage: (_worker, message) => {
          this.messages.push(message);
          this.#onMessage?.();
        },
        onExit: (_worker, record) => onExit(record),
      },
      spawn: spawnFixture(script),
    });
  }

  /** Resolves once it has said that. */
  readonly said = (type: WorkerMessage['type']): Promise<void> =>
    new Promise((resolve) => {
      this.#onMessage = () => void (this.messages.some((message) => message.type === type) && resolve());
      this.#onMessage();
    });

  /** Resolves once a line with that text is in the log. */
  readonly logged = async (text: string): Promise<void> => {
    while (!this.logger.messages().some((message) => message.includes(text))) await new Promise((resolve) => setTimeout(resolve, 5));
  };
}
