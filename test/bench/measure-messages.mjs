/** What it costs to accept a message, whether that stays so when there are many, and how soon many are looked through. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { Gateway } from './gateway.mjs';
import { freePort, readUsage, startProcess, waitUntilHealthy, waitUntilQuiet } from './processes.mjs';
import { seedDatabase } from './seed-database.mjs';
import { row } from './statistics.mjs';

const ROUNDS = 5;
export const ROUND_SECONDS = 3;
const CONNECTIONS = 50;
const CHATS = 20;
const FEW = 1_000;
const MANY = 1_000_000;
const SESSIONS = 100_000;
const LOOKS = 30;

const bodyFor = (channel, chat) =>
  JSON.stringify({ channel, chat_id: `chat-${chat}`, content: `a message for the chat number ${chat}, of an ordinary length` });

/** @param target.pid  whose CPU time it costs. @returns answers per second, and CPU time per answer in µs */
export async function post({ port, path, channel, pid, connections = CONNECTIONS }) {
  const before = readUsage(pid).cpuMs;
  const result = await autocannon({
    url: `http://127.0.0.1:${port}${path}`,
    connections,
    duration: ROUND_SECONDS,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    requests: Array.from({ length: CHATS }, (_, chat) => ({ body: bodyFor(channel, chat) })),
  });
  if (result.non2xx + result.errors + result.timeouts > 0) throw new Error(`${path}: ${result.non2xx} refused, ${result.errors} errors`);
  return { perSecond: result.requests.average, cpuUs: ((readUsage(pid).cpuMs - before) * 1_000) / result.requests.total };
}

const pick = (samples, key) => samples.map((sample) => sample[key]);

function rows(name, { ours, floor, floorName, note }) {
  const of = (unit, key) => row({ name, unit, measured: pick(ours, key), floor: pick(floor, key), floorName, note });
  return [of('requests/s', 'perSecond'), of('µs CPU', 'cpuUs')];
}

/**
 * One after another in each round, so that what else the machine does meets all alike; the first round warms up. Each when the others
 * are done with what they had put off: the search index would take a core from the floor.
 */
export async function inTurn(targets, rounds = ROUNDS) {
  const samples = targets.map(() => []);
  const pids = targets.map(({ pid }) => pid);
  for (let round = 0; round <= rounds; round++) {
    for (const [index, target] of targets.entries()) {
      await waitUntilQuiet(pids);
      const sample = await post(target);
      if (round > 0) samples[index].push(sample);
    }
  }
  return samples;
}

async function startEcho() {
  const port = await freePort();
  const { pid } = startProcess(process.execPath, [join(import.meta.dirname, 'bare-servers.mjs'), 'echo', String(port)]);
  await waitUntilHealthy(port);
  return { port, path: '/', channel: 'webchat', pid };
}

/** In a database of a gateway's, which it has to itself. */
async function startBareStore(gateway) {
  await gateway.start();
  await gateway.stop();
  const port = await freePort();
  const database = join(gateway.home, 'state', 'gateway.db');
  const { pid } = startProcess(process.execPath, [join(import.meta.dirname, 'bare-store.mjs'), String(port), database]);
  await waitUntilHealthy(port);
  return { port, path: '/', channel: 'webchat', pid };
}

/** Every message is on disk when it is answered. The webhook's are delivered meanwhile. */
export async function measureAccept() {
  const gateway = new Gateway();
  const bareHome = new Gateway();
  const receiverPort = await freePort();
  const receiver = startProcess(process.execPath, [join(import.meta.dirname, 'bare-servers.mjs'), 'node', String(receiverPort), '{}']);
  const account = { url: `http://127.0.0.1:${receiverPort}/` };
  writeFileSync(join(gateway.home, 'config.json'), JSON.stringify({ channels: { webhook: { accounts: { default: account } } } }));
  try {
    await gateway.start();
    await waitUntilHealthy(receiverPort);
    const { pid } = (await gateway.status()).worker;
    const ours = { port: gateway.port, path: '/api/message', pid };
    const echo = await startEcho();
    const bareStore = await startBareStore(bareHome);
    const floorName = 'Koa + koa-body, echo';
    const [floor, floorOfStored, stored] = await inTurn([echo, bareStore, { ...ours, channel: 'webchat' }]);
    // Apart, and last: what is still on its way to the webhook is sent for a while after its round.
    const [floorOfSent, sent] = await inTurn([echo, { ...ours, channel: 'webhook' }]);
    return [
      ...rows('POST /api/message', { ours: stored, floor, floorName, note: `${CONNECTIONS} connections, each message synced` }),
      ...rows('POST /api/message, the same', {
        ours: stored,
        floor: floorOfStored,
        floorName: 'Koa + koa-body + the same rows in SQLite',
        note: 'all that wait share a transaction and a sync, there too',
      }),
      ...rows('POST /api/message, sent on', { ours: sent, floor: floorOfSent, floorName, note: 'to a webhook, meanwhile' }),
    ];
  } finally {
    receiver.kill('SIGKILL');
    await gateway.dispose();
    await bareHome.dispose();
  }
}

/** @param checkout  whose build runs. Default: this one */
export async function startSeeded(size, checkout) {
  const gateway = new Gateway(checkout);
  await gateway.start();
  await gateway.stop();
  seedDatabase(join(gateway.home, 'state', 'gateway.db'), size);
  await gateway.start();
  return gateway;
}

/** @returns milliseconds of each call */
export async function look(gateway, path) {
  const times = [];
  for (let time = 0; time <= LOOKS; time++) {
    const startedAt = performance.now();
    const answer = await fetch(`http://127.0.0.1:${gateway.port}${path}`);
    await answer.arrayBuffer();
    if (!answer.ok) throw new Error(`${path} was answered ${answer.status}`);
    if (time > 0) times.push(performance.now() - startedAt);
  }
  return times;
}

/** The same with a thousand messages in the database and with a million, in turn. */
export async function measureScale() {
  const few = await startSeeded({ sessions: FEW / 10, messages: FEW });
  const many = await startSeeded({ sessions: SESSIONS, messages: MANY });
  try {
    const targetOf = async (gateway) => ({
      port: gateway.port,
      path: '/api/message',
      channel: 'webchat',
      pid: (await gateway.status()).worker.pid,
    });
    const [floor, ours] = await inTurn([await targetOf(few), await targetOf(many)]);
    const result = rows(`POST /api/message, ${MANY} there`, { ours, floor, floorName: `${FEW} there` });
    const health = await look(many, '/health');
    const paths = {
      [`50 of ${SESSIONS} sessions`]: '/api/sessions?limit=50',
      'sessions: filters that none meets': '/api/sessions?limit=50&q=from:nowhere+is:unread+model:x',
      'search: one has it': '/api/sessions?search=777777%20of',
      'search: all have it': '/api/sessions?search=conversation%20that',
      'search: none has it': '/api/sessions?search=nowhere%20at%20all',
      'search: two letters, all have them': '/api/sessions?search=co',
      'search: two letters, none has them': '/api/sessions?search=zq',
      '50 of the messages on their way': '/api/messages?limit=50',
      'those that failed': '/api/messages?status=dead',
      'those of a channel that has none': '/api/messages?channel=telegram',
      'those of a channel that failed': '/api/messages?channel=webchat&status=dead',
    };
    for (const [name, path] of Object.entries(paths)) {
      result.push(
        row({ name, unit: 'ms', measured: await look(many, path), floor: health, floorName: 'GET /health', note: `${MANY} messages` }),
      );
    }
    return result;
  } finally {
    await few.dispose();
    await many.dispose();
  }
}
