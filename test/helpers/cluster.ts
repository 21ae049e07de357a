/** Several real gateways on one PostgreSQL, each with accounts that others may have, too. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { type FakeTelegram, startFakeTelegram, TOKEN } from '../fakes/telegram/server.js';
import { startWebhookReceiver, type WebhookReceiver } from '../fakes/webhook-receiver/receiver.js';
import { type Postgres, startPostgres } from './postgres.js';
import { RealGateway, until } from './real-gateway.js';
import { query } from './store-engine.js';

export interface Cluster {
  readonly postgres: Postgres;
  /** Of the database. */
  readonly url: string;
  readonly telegram: FakeTelegram;
  readonly receiver: WebhookReceiver;
  /**
   * Starts a gateway with these of the accounts `telegram` and `webhook`.
   * @param gateway  the section of the configuration
   */
  add(accounts: readonly ('telegram' | 'webhook')[], gateway?: object, env?: Record<string, string>): Promise<RealGateway>;
  /** @returns the process id of the worker that holds the lease of an account; undefined when nobody does */
  holder(account: string): Promise<string | undefined>;
}

export async function startCluster(): Promise<Cluster> {
  const postgres = await startPostgres({ isDurable: true });
  onTestFinished(() => postgres.close());
  const url = await postgres.createDatabase();
  const telegram = await startFakeTelegram();
  const receiver = await startWebhookReceiver();
  const channels = {
    telegram: { accounts: { default: { botToken: TOKEN, apiRoot: telegram.apiRoot, dmPolicy: 'open' } } },
    // Its receiver shows a repetition twice.
    webhook: { accounts: { default: { url: receiver.url, idempotent: false } } },
  };
  return {
    postgres,
    url,
    telegram,
    receiver,
    async add(accounts, section = {}, env = {}) {
      const gateway = await RealGateway.create({ XOPC_DATABASE_URL: url, ...env });
      mkdirSync(gateway.xopcHome);
      const own = Object.fromEntries(accounts.map((name) => [name, channels[name]]));
      writeFileSync(gateway.paths.configPath, JSON.stringify({ gateway: section, store: { url: '${XOPC_DATABASE_URL}' }, channels: own }));
      await gateway.run();
      return gateway;
    },
    async holder(account) {
      const rows = await query(url, `select owner from leases where key = 'account:${account}'`);
      return rows[0]?.['owner'] as string | undefined;
    },
  };
}

/** Sends a message to a chat of the webhook account. */
export async function post(gateway: RealGateway, chatId: string, content: string): Promise<void> {
  const response = await fetch(`${gateway.url}/api/message`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ channel: 'webhook', chat_id: chatId, content }),
  });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
}

/** The processes of a gateway: its supervisor and its worker. */
export const pidsOf = (gateway: RealGateway): number[] => [gateway.lock().pid, gateway.workerPid()];

export const signal = (pids: readonly number[], name: NodeJS.Signals): void => {
  for (const pid of pids) process.kill(pid, name);
};

/** @returns how long it took, in ms */
export async function timed(what: string, check: () => boolean | Promise<boolean>, limitMs = 25_000): Promise<number> {
  const startedAt = performance.now();
  await until(what, check, limitMs);
  return performance.now() - startedAt;
}
