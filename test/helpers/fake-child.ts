/** Children that never were processes: what they are sent is recorded, and the test says what they do. */
import { PassThrough } from 'node:stream';
import type { Child, ChildExit, ChildHandlers, SpawnChild, SpawnOptions } from '../../daemon/supervisor/workers/child-process.js';
import type { WorkerMessage, WorkerVitals } from '../../shared/ipc/messages.js';

/** Above what a kernel gives out, so that nobody is mistaken for it. */
const FIRST_PID = 2 ** 30;

export class FakeChild implements Child {
  readonly pid: number;
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  readonly options: SpawnOptions;
  readonly sent: { readonly message: { readonly type: string } & Record<string, unknown>; readonly handle: unknown }[] = [];
  kills = 0;
  stackRequests = 0;
  isReleased = false;
  readonly #handlers: ChildHandlers;

  constructor(pid: number, options: SpawnOptions, handlers: ChildHandlers) {
    this.pid = pid;
    this.options = options;
    this.#handlers = handlers;
  }

  get sentTypes(): string[] {
    return this.sent.map(({ message }) => message.type);
  }

  /** The last message of that type. */
  last(type: string): Record<string, unknown> | undefined {
    return this.sent.findLast(({ message }) => message.type === type)?.message;
  }

  send(message: object, handle?: object): void {
    this.sent.push({ message: message as FakeChild['sent'][number]['message'], handle });
  }

  kill(): void {
    this.kills += 1;
  }

  requestStack(): void {
    this.stackRequests += 1;
  }

  release(): void {
    this.isReleased = true;
  }

  /** It says something. */
  says(message: unknown, handle?: unknown): void {
    this.#handlers.onMessage(message, handle);
  }

  exits(exit: Partial<ChildExit> = {}): void {
    this.stdout.end();
    this.stderr.end();
    this.#handlers.onExit({ code: exit.signal === undefined ? 0 : null, signal: null, ...exit });
  }
}

export interface FakeSpawn {
  readonly spawn: SpawnChild;
  readonly children: FakeChild[];
  /** The last one spawned. @throws when there is none */
  last(role?: SpawnOptions['role']): FakeChild;
}

export function fakeSpawn(): FakeSpawn {
  const children: FakeChild[] = [];
  return {
    children,
    spawn(options, handlers) {
      const child = new FakeChild(FIRST_PID + children.length, options, handlers);
      children.push(child);
      return child;
    },
    last(role) {
      const child = children.findLast(({ options }) => role === undefined || options.role === role);
      if (child === undefined) throw new Error('nothing was spawned');
      return child;
    },
  };
}

export const readyMessage = (fields: Partial<Extract<WorkerMessage, { type: 'ready' }>> = {}): WorkerMessage => ({
  type: 'ready',
  version: '1.2.3',
  token: { token: 'abcdefgh-0123456789-0123456789-stuvwxyz', source: 'generated' },
  authEnabled: false,
  warnings: [],
  ...fields,
});

export const vitals = (fields: Partial<WorkerVitals> = {}): WorkerVitals => ({
  rssBytes: 50_000_000,
  connections: 3,
  inFlight: 2,
  channels: { telegram: { state: 'running' } },
  ...fields,
});
