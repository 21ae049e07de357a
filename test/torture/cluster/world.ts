/** Three gateways on hosts of their own, HAProxy before them, one PostgreSQL, and what they talk to: Telegram, a receiver of webhooks, a model. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { startFakeOpenAi } from '../../fakes/openai/server.js';
import { type FakeTelegram, startFakeTelegram, TOKEN as BOT_TOKEN } from '../../fakes/telegram/server.js';
import { startWebhookReceiver, type WebhookReceiver } from '../../fakes/webhook-receiver/receiver.js';
import { clusterProxy } from '../../helpers/cluster-proxy.js';
import { getProgram } from '../../helpers/debian-programs.js';
import { FakeWallClock } from '../../helpers/faketime.js';
import { fakeModels } from '../../helpers/make-conversation.js';
import { type Postgres, startPostgres } from '../../helpers/postgres.js';
import { launcher, RealGateway, runProcess, until } from '../../helpers/real-gateway.js';
import { query } from '../../helpers/store-engine.js';
import { tempDir } from '../../helpers/temp-dir.js';
import type { Host } from '../../helpers/two-hosts.js';
import { ask, relay, TOKEN } from './ask.js';
import { connectHosts, type PluggedHost } from './network.js';

export const NODES = 3;
/** The node whose clock can be set. */
export const CLOCKED = 2;
const GATEWAY_PORT = 18_790;
const PORTS = { telegram: 7_001, webhook: 7_002, model: 7_003 };
const SERVES_MS = 60_000;

export interface Node {
  readonly number: number;
  readonly gateway: RealGateway;
  readonly host: PluggedHost;
  readonly clock: FakeWallClock;
  /** Leads to this node alone. */
  readonly socket: string;
  readonly start: () => void;
}

export interface World {
  readonly nodes: readonly Node[];
  readonly postgres: Postgres;
  readonly telegram: FakeTelegram;
  readonly receiver: WebhookReceiver;
  /** Leads through the balancer. */
  readonly front: string;
  readonly sql: <Row>(statement: string) => Promise<Row[]>;
}

/** Resolves once a node accepts new work. */
export async function untilServes({ socket, number }: Node): Promise<void> {
  await until(`node ${number} to be ready`, async () => (await ask(socket, 'GET /health/ready'))?.status === 200, SERVES_MS);
}

/** Ports of this process on the hub, the balancer, and ways to each node. */
async function startBalancer(hub: Host, hosts: readonly Host[], ports: Readonly<Record<keyof typeof PORTS, number>>): Promise<string> {
  const directory = tempDir();
  const at = (name: string): string => join(directory, name);
  for (const [name, port] of Object.entries(ports)) await relay(at(name), port);
  const relays = Object.entries(PORTS).map(([name, port]) => `listen ${name}\n mode tcp\n bind :${port}\n server here unix@${at(name)}\n`);
  const ways = hosts.map(
    ({ address }, index) => `listen way${index}\n bind unix@${at(`node${index}`)}\n server node ${address}:${GATEWAY_PORT}\n`,
  );
  const front = clusterProxy({ bind: `unix@${at('front')}`, nodes: hosts.map(({ address }) => `${address}:${GATEWAY_PORT}`) });
  writeFileSync(at('haproxy.cfg'), [front, ...relays, ...ways].join('\n'));
  const { path, env } = getProgram('haproxy');
  const running = runProcess([...hub.prefix, path], ['-db', '-f', at('haproxy.cfg')], { env });
  onTestFinished(async () => {
    running.child.kill('SIGKILL');
    await running.done;
  });
  const refused = running.done.then(({ stderr }) => Promise.reject(new Error(`haproxy ended: ${stderr}`)));
  await Promise.race([until('haproxy to listen', () => existsSync(at('front'))), refused]);
  refused.catch(() => undefined);
  return directory;
}

async function addNode(host: PluggedHost, place: { number: number; directory: string; url: string; hub: string }): Promise<Node> {
  const { number, directory, url, hub } = place;
  const clock = new FakeWallClock();
  clock.set(Date.now());
  const clocked = number === CLOCKED ? clock.env : {};
  const env = { XOPC_DATABASE_URL: url, XOPC_GATEWAY_TOKEN: TOKEN, XOPC_PORT: String(GATEWAY_PORT), ...clocked };
  const gateway = await RealGateway.create(env, [...host.prefix, ...launcher]);
  mkdirSync(gateway.xopcHome);
  const write = (name: string, document: unknown): void => writeFileSync(join(gateway.xopcHome, name), JSON.stringify(document));
  const at = (name: keyof typeof PORTS): string => `http://${hub}:${PORTS[name]}`;
  write('models.json', fakeModels(`${at('model')}/v1`));
  write('config.json', {
    gateway: { host: '0.0.0.0', trustedProxies: [hub], allowedHosts: ['cluster.test'] },
    store: { url: '${XOPC_DATABASE_URL}' },
    agents: { defaults: { model: 'fake/one' } },
    channels: {
      telegram: { accounts: { default: { botToken: BOT_TOKEN, apiRoot: at('telegram'), dmPolicy: 'open' } } },
      // Its receiver shows a repetition twice.
      webhook: { accounts: { default: { url: `${at('webhook')}/hook`, idempotent: false } } },
    },
  });
  return { number, gateway, host, clock, socket: join(directory, `node${number}`), start: () => void gateway.spawn() };
}

/** @param isPooled  whether pgbouncer stands before the database */
export async function startWorld({ isPooled }: { isPooled: boolean }): Promise<World> {
  const { hub, hosts } = await connectHosts(NODES);
  const postgres = await startPostgres({ isDurable: true, host: hub });
  onTestFinished(() => postgres.close());
  const direct = await postgres.createDatabase();
  const url = isPooled ? await postgres.pgbouncer(direct) : direct;
  const telegram = await startFakeTelegram();
  const receiver = await startWebhookReceiver();
  const model = await startFakeOpenAi({ models: ['one', 'two'] });
  onTestFinished(() => model.close());
  const ports = { telegram: Number(new URL(telegram.apiRoot).port), webhook: receiver.port, model: Number(new URL(model.baseUrl).port) };
  const directory = await startBalancer(hub, hosts, ports);
  const nodes: Node[] = [];
  for (const [number, host] of hosts.entries()) nodes.push(await addNode(host, { number, directory, url, hub: hub.address }));
  for (const node of nodes) {
    node.start();
    await untilServes(node);
  }
  const local = postgres.local(direct);
  return {
    nodes,
    postgres,
    telegram,
    receiver,
    front: join(directory, 'front'),
    sql: async <Row>(text: string) => (await query(local, text)) as Row[],
  };
}
