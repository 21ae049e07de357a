/** The store: a new database, one of an earlier schema, messages that are accepted, checkpoint and end. */
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { storeAcceptances } from '../../../daemon/worker/store/delivery/accept.js';
import { MIGRATIONS } from '../../../daemon/worker/store/migrations/index.js';
import { openSqlite } from '../../../daemon/worker/store/sqlite/open.js';
import { sqliteEngine } from '../../../daemon/worker/store/sqlite/engine.js';
import { Store } from '../../../daemon/worker/store/store.js';
import { systemClock } from '../../../shared/clock.js';
import { removeAbandonedTemps } from '../../../shared/node/files/temporary-file.js';
import { silentLogger } from '../../helpers/silent-logger.js';
import { readOutgoing } from './database.js';
import type { End, Operation } from './operation.js';

const databasePath = (root: string): string => join(root, 'state', 'gateway.db');

/** As a caller that is answered 503 does: the store recovers by itself, unless the disk stays full. */
const TRIES = { number: process.env['FAULTS_KIND'] === 'full' ? 2 : 60, pauseMs: 25 };

async function openStore(root: string): Promise<Store> {
  // As each start of a gateway does, in `claim-paths.ts`.
  removeAbandonedTemps(join(root, 'state'));
  const engine = sqliteEngine(databasePath(root));
  const store = new Store({ engine, clock: systemClock, logger: silentLogger, isSoleWorker: () => true });
  await store.open();
  return store;
}

let accepted = 0;

function accept(store: Store): Promise<string> {
  const id = `m${process.pid}-${(accepted += 1)}`;
  const place = { channel: 'webhook', accountId: 'default', chatId: 'chat' };
  const message = { ...place, id, content: `${id} text`, bodies: [`${id} body`], nowMs: Date.now(), expiresAtMs: Date.now() + 1e9 };
  const key = 'main:webhook:default:direct:chat';
  const session = { ...place, key, agentId: 'main', peerKind: 'direct', peerId: 'chat' };
  return store.write((tx) => storeAcceptances(tx, [{ message, session }])).then(() => id);
}

/** Accepts messages one after another; what was refused is told, too. */
async function acceptSome(store: Store, tell: (step: unknown) => void): Promise<void> {
  let stored = 0;
  for (let left = TRIES.number; stored < 3; left -= 1) {
    const id = `m${process.pid}-${accepted + 1}`;
    try {
      tell({ accepted: await accept(store) });
      stored += 1;
    } catch (error) {
      tell({ refused: id, message: (error as Error).message });
      if (left === 0) throw error;
      await delay(TRIES.pauseMs);
    }
  }
}

async function run(root: string, tell: (step: unknown) => void): Promise<void> {
  const store = await openStore(root);
  try {
    await acceptSome(store, tell);
    await store.contract();
    await acceptSome(store, tell);
  } finally {
    await store.close();
  }
}

type Told = { readonly accepted?: string; readonly refused?: string };

function check(root: string, { told }: End): string[] {
  const directory = join(root, 'state');
  const names = existsSync(directory) ? readdirSync(directory) : [];
  const problems = names
    .filter((name) => (statSync(join(directory, name)).mode & 0o777) !== 0o600)
    .map((name) => `${name} is open to others`);
  if (names.some((name) => name.includes('.corrupt-'))) problems.push(`a database was set aside: ${names.join()}`);
  return [...problems, ...checkRows(root, told as Told[])];
}

function checkRows(root: string, told: readonly Told[]): string[] {
  const { ids, damage } = readOutgoing(databasePath(root));
  if (damage !== undefined) return [`the database is damaged: ${damage}`];
  const lost = told.filter(({ accepted: id }) => id !== undefined && !ids.includes(id));
  const unwanted = told.filter(({ refused: id }) => id !== undefined && ids.includes(id));
  return [
    ...(lost.length > 0 ? [`${lost.length} accepted messages are lost`] : []),
    ...(unwanted.length > 0 ? [`${unwanted.length} refused messages are stored`] : []),
  ];
}

/**
 * libsql 0.5.29 ignores that a page of the log cannot be read during a checkpoint: it writes the page before in its place and empties the log.
 * Nothing outside it can prevent that.
 */
const leavesOut: Operation['leavesOut'] = ({ name, path }) => name === 'read' && path.endsWith('-wal');

export const operations: readonly Operation[] = [
  { name: 'store: new database', prepare: (root) => mkdirSync(join(root, 'state'), { mode: 0o700 }), run, check, leavesOut },
  {
    name: 'store: earlier schema',
    async prepare(root) {
      mkdirSync(join(root, 'state'), { mode: 0o700 });
      await (await openSqlite(databasePath(root), MIGRATIONS.slice(0, 3))).close();
    },
    run,
    check,
    leavesOut,
  },
  {
    name: 'store: accept, after a kill',
    async prepare(root) {
      mkdirSync(join(root, 'state'), { mode: 0o700 });
      const store = await openStore(root);
      await store.contract();
      await accept(store);
      await store.close();
    },
    run,
    check,
    leavesOut,
  },
];
