/** Scheduled messages through the real gateway while its worker is killed again and again. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ReceivedWebhook, startWebhookReceiver } from '../fakes/webhook-receiver/receiver.js';
import { RealGateway, until } from './real-gateway.js';

export interface Run {
  readonly id: string;
  readonly state: string;
  readonly scheduledAt: string;
  readonly startedAt: string | null;
  readonly attempt: number;
  readonly missedBefore: number;
}

export interface CronGateway {
  readonly gateway: RealGateway;
  /** In the order in which they came; one message has one `id`. */
  readonly received: readonly ReceivedWebhook[];
  call<T>(method: string, path: string, body?: object): Promise<T>;
  /** Makes jobs that send their own number, one chat each of ten. @returns their ids */
  create(schedules: readonly string[]): Promise<string[]>;
  runs(id: string): Promise<Run[]>;
  /** Kills the worker; resolves when another serves. */
  kill(): Promise<void>;
}

/** A gateway with a webhook account, running. */
export async function startCronGateway(models: object = {}, config: object = {}, env: Record<string, string> = {}): Promise<CronGateway> {
  const receiver = await startWebhookReceiver();
  const gateway = await RealGateway.create(env);
  mkdirSync(gateway.xopcHome, { recursive: true, mode: 0o700 });
  const document = { channels: { webhook: { accounts: { default: { url: receiver.url } } } }, ...config };
  writeFileSync(join(gateway.xopcHome, 'config.json'), JSON.stringify(document), { mode: 0o600 });
  writeFileSync(join(gateway.xopcHome, 'models.json'), JSON.stringify(models), { mode: 0o600 });
  await gateway.run();

  async function call<T>(method: string, path: string, body?: object): Promise<T> {
    const headers = { 'Content-Type': 'application/json' };
    const init = body === undefined ? { method } : { method, headers, body: JSON.stringify(body) };
    const answer = await fetch(gateway.url + path, init);
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  return {
    gateway,
    received: receiver.received,
    call,
    create: (schedules) =>
      Promise.all(
        schedules.map(async (schedule, number) => {
          const body = { schedule, message: `job ${number}`, channel: 'webhook', chat_id: `chat-${number % 10}` };
          return (await call<{ job: { id: string } }>('POST', '/api/cron/create', body)).job.id;
        }),
      ),
    runs: async (id) => (await call<{ runs: Run[] }>('GET', `/api/cron/${id}/runs?limit=200`)).runs,
    async kill() {
      const pid = gateway.workerPid();
      process.kill(pid, 'SIGKILL');
      await gateway.untilReplaced(pid);
    },
  };
}

/** How many messages, each counted once, came of each text. */
export function countByContent(received: readonly ReceivedWebhook[]): Map<string, number> {
  const ids = new Map<string, Set<string>>();
  for (const { content, id } of received) ids.set(content, (ids.get(content) ?? new Set<string>()).add(id));
  return new Map([...ids].map(([content, of]) => [content, of.size]));
}

/** Resolves when the wall clock shows that time. */
export function untilTime(atMs: number): Promise<true> {
  return until('the time', () => Date.now() >= atMs, 600_000);
}
