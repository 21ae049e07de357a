/** PostgreSQL against SQLite on the same machine, against pgbench that stores the same rows, and with a network between. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { measureFirstWord } from './measure-agent.mjs';
import { Gateway, launcher } from './gateway.mjs';
import { inTurn, look, ROUND_SECONDS } from './measure-messages.mjs';
import { PostgresServer } from './postgres-server.mjs';
import { freePort, runCommand, startProcess } from './processes.mjs';
import { seedDatabase } from './seed-database.mjs';
import { row } from './statistics.mjs';

export const SEEDED = { sessions: 10_000, messages: 100_000 };
/** By what they show. */
export const LOOKS = {
  [`50 of ${SEEDED.sessions} sessions`]: '/api/sessions?limit=50',
  'search: one has it': '/api/sessions?search=77777%20of',
  'search: all have it': '/api/sessions?search=conversation%20that',
  'search: none has it': '/api/sessions?search=nowhere%20at%20all',
};
/** How many call at a time: in each round the best of these counts, of the gateway and of pgbench alike. */
const CLIENTS = [50, 100, 150];
const ROUNDS = 3;
/** There and back. */
const NETWORK_MS = 2;

const configOf = (url) => (url === undefined ? {} : { store: { url } });

/** @param url  of its database. Default: SQLite in its home */
export function gatewayOn(url, config = {}) {
  const gateway = new Gateway();
  writeFileSync(join(gateway.home, 'config.json'), JSON.stringify({ ...configOf(url), ...config }));
  return gateway;
}

export const targetOf = async (gateway) => ({
  port: gateway.port,
  path: '/api/message',
  channel: 'webchat',
  pid: (await gateway.status()).worker.pid,
});

/** @returns the URL of the same database behind a network */
async function throughNetwork(url) {
  const port = await freePort();
  const far = new URL(url);
  startProcess(process.execPath, [join(import.meta.dirname, 'delay-proxy.mjs'), String(port), far.port, String(NETWORK_MS / 2)]);
  far.port = String(port);
  return far.href;
}

async function measurePgbench(server, url) {
  const rates = [];
  for (let round = 0; round < ROUNDS; round++) rates.push(await server.pgbench(url, { clients: CLIENTS, seconds: ROUND_SECONDS }));
  return rates;
}

/** @returns of each target its messages a second, a sample a round */
async function measureRates(targets) {
  const ofCounts = [];
  for (const connections of CLIENTS)
    ofCounts.push(
      await inTurn(
        targets.map((target) => ({ ...target, connections })),
        ROUNDS,
      ),
    );
  return targets.map((_, target) =>
    Array.from({ length: ROUNDS }, (__, round) => Math.max(...ofCounts.map((samples) => samples[target][round].perSecond))),
  );
}

async function measureAccepts(server) {
  const [near, behind] = [await server.createDatabase(), await server.createDatabase()];
  const far = await throughNetwork(behind);
  const gateways = [gatewayOn(), gatewayOn(near), gatewayOn(far)];
  try {
    for (const gateway of gateways) await gateway.start();
    const targets = await Promise.all(gateways.map(targetOf));
    const [sqlite, ours, oursFar] = await measureRates(targets);
    const name = 'POST /api/message, PostgreSQL';
    const floorName = 'pgbench, the same rows';
    const of = (measured, compared) => row({ name, unit: 'requests/s', measured, ...compared });
    return [
      of(ours, { floor: sqlite, floorName: 'SQLite' }),
      of(ours, { floor: await measurePgbench(server, near), floorName, note: `each at the best of ${CLIENTS.join(', ')} clients` }),
      of(oursFar, { floor: await measurePgbench(server, far), floorName, note: `a network of ${NETWORK_MS} ms` }),
    ];
  } finally {
    for (const gateway of gateways) await gateway.dispose();
  }
}

/** Lists and searches, and how soon all of it is copied. */
async function measureLooks(server) {
  const sqlite = gatewayOn();
  const url = await server.createDatabase();
  const postgres = gatewayOn(url);
  try {
    await sqlite.start();
    await sqlite.stop();
    seedDatabase(join(sqlite.home, 'state', 'gateway.db'), SEEDED);
    const copy = await runCommand(launcher, ['database', 'copy', '--to', url, '--json'], sqlite.env);
    if (copy.code !== 0) throw new Error(`the copy failed: ${copy.stderr}`);
    await sqlite.start();
    await postgres.start();
    const rate = (JSON.parse(copy.stdout).rows / copy.ms) * 1_000;
    const result = [row({ name: 'xopc database copy, to PostgreSQL', unit: 'rows/s', measured: [rate], note: 'compared at the end' })];
    for (const [name, path] of Object.entries(LOOKS)) {
      const [floor, measured] = [await look(sqlite, path), await look(postgres, path)];
      result.push(
        row({ name: `${name}, PostgreSQL`, unit: 'ms', measured, floor, floorName: 'SQLite', note: `${SEEDED.messages} messages` }),
      );
    }
    return result;
  } finally {
    await sqlite.dispose();
    await postgres.dispose();
  }
}

async function measureTurns(server) {
  const [floor, measured] = [
    await measureFirstWord(new Gateway()),
    await measureFirstWord(new Gateway(), configOf(await server.createDatabase())),
  ];
  return [row({ name: 'first word of an agent, PostgreSQL', unit: 'ms', measured: measured.ours, floor: floor.ours, floorName: 'SQLite' })];
}

export async function measurePostgres() {
  const server = new PostgresServer();
  try {
    await server.start();
    return [...(await measureAccepts(server)), ...(await measureTurns(server)), ...(await measureLooks(server))];
  } finally {
    server.dispose();
  }
}
