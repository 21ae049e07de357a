/** Gateways on one PostgreSQL: how much one, two and three of them accept, and for how long nothing is sent when the one that sends fails. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { post } from './measure-messages.mjs';
import { gatewayOn, targetOf } from './measure-postgres.mjs';
import { PostgresServer } from './postgres-server.mjs';
import { waitUntilQuiet } from './processes.mjs';
import { row } from './statistics.mjs';

const NODES = 3;
const ROUNDS = 3;
const FAULTS = 3;
const SEND_EVERY_MS = 20;
/** One that was being sent keeps only its chat waiting. */
const CHATS = 20;
/** Longer than others wait for a silent node. */
const LIMIT_MS = 60_000;
const SETTLE_MS = 1_000;

/** @returns accepted messages a second of all nodes together, each with as many connections */
async function measureRate(gateways) {
  const targets = await Promise.all(gateways.map(targetOf));
  const rates = [];
  // The first round warms up.
  for (let round = 0; round <= ROUNDS; round++) {
    await waitUntilQuiet(targets.map(({ pid }) => pid));
    const results = await Promise.all(targets.map(post));
    if (round > 0) rates.push(results.reduce((sum, { perSecond }) => sum + perSecond, 0));
  }
  return rates;
}

/** Takes webhooks and notes when they come. */
async function startReceiver() {
  const times = [];
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      times.push(performance.now());
      response.writeHead(204).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${server.address().port}/`, times, close: () => server.close() };
}

/** Sends through a node one message after another, whatever becomes of each. @returns a function that ends it */
function keepSending({ port }) {
  let count = 0;
  const timer = setInterval(() => {
    count += 1;
    const body = JSON.stringify({ channel: 'webhook', chat_id: `chat-${count % CHATS}`, content: `message ${count}` });
    fetch(`http://127.0.0.1:${port}/api/message`, { method: 'POST', headers: { 'content-type': 'application/json' }, body }).then(
      (answer) => answer.arrayBuffer(),
      () => undefined,
    );
  }, SEND_EVERY_MS);
  return () => clearInterval(timer);
}

const nameOf = (nodes) => (nodes === 1 ? '1 node' : `${nodes} nodes`);

const kill = (...pids) => pids.forEach((pid) => process.kill(pid, 'SIGKILL'));

const FAILURES = [
  { name: 'worker killed', act: async (_gateway, { worker }) => kill(worker.pid) },
  { name: 'node stopped', endsNode: true, act: (gateway) => gateway.stop() },
  { name: 'node killed', endsNode: true, act: async (_gateway, { pid, worker }) => kill(pid, worker.pid) },
];

/** @returns the node that serves the account, with its status, and a node to send through */
async function findHolder(url, gateways) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query("select owner from leases where key = 'account:webhook/default'");
    for (const holder of gateways) {
      const status = await holder.status();
      if (status.worker.instanceId !== rows[0]?.owner) continue;
      return { holder, status, other: gateways.find((gateway) => gateway !== holder) ?? holder };
    }
    throw new Error('no node serves the account');
  } finally {
    await client.end();
  }
}

/** @returns the longest time without a message, in ms, and the node that failed */
async function fail(act, { gateways, url, times }) {
  const { holder, status, other } = await findHolder(url, gateways);
  const stop = keepSending(other);
  try {
    await delay(SETTLE_MS);
    const startedAt = performance.now();
    await act(holder, status);
    for (const settledAt = performance.now() + SETTLE_MS; ;) {
      await delay(SEND_EVERY_MS);
      const now = performance.now();
      const come = [startedAt, ...times.filter((time) => time >= startedAt)];
      if (now - startedAt > LIMIT_MS) throw new Error('nothing was sent any more');
      // They come again: as many as chats within the last second.
      const isOver = now > settledAt && come.filter((time) => time > now - SETTLE_MS).length >= CHATS;
      if (isOver) return { holder, gapMs: Math.max(...come.slice(1).map((time, index) => time - come[index])) };
    }
  } finally {
    stop();
  }
}

async function measureFailures(context) {
  const { gateways } = context;
  const rows = [];
  for (const { name, act, endsNode } of FAILURES) {
    if (endsNode && gateways.length === 1) continue;
    const measured = [];
    for (let fault = 0; fault < FAULTS; fault++) {
      const { holder, gapMs } = await fail(act, context);
      measured.push(gapMs);
      if (endsNode) await holder.start();
    }
    rows.push(row({ name: `${name}, ${nameOf(gateways.length)}: longest gap`, unit: 'ms', measured }));
  }
  return rows;
}

export async function measureCluster() {
  const server = new PostgresServer();
  const receiver = await startReceiver();
  const gateways = [];
  const channels = { webhook: { accounts: { default: { url: receiver.url } } } };
  try {
    await server.start();
    const url = await server.createDatabase();
    const rates = [];
    const failures = [];
    for (let nodes = 1; nodes <= NODES; nodes++) {
      const gateway = gatewayOn(url, { channels });
      gateways.push(gateway);
      await gateway.start();
      const measured = await measureRate(gateways);
      rates.push(measured);
      if (nodes === 1) await untilSent(gateway, receiver.times);
      failures.push(...(await measureFailures({ gateways, url, times: receiver.times })));
    }
    const accepted = rates.map((measured, index) =>
      row({
        name: `POST /api/message, ${nameOf(index + 1)}`,
        unit: 'requests/s',
        measured,
        ...(index > 0 && { floor: rates[0], floorName: nameOf(1) }),
      }),
    );
    return [...accepted, ...failures];
  } finally {
    for (const gateway of gateways) await gateway.dispose();
    server.dispose();
    receiver.close();
  }
}

/** With its first message, a node takes the account. */
async function untilSent(gateway, times) {
  const stop = keepSending(gateway);
  while (times.length === 0) await delay(SEND_EVERY_MS);
  stop();
}
