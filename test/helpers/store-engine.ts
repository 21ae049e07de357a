/** The engines that tests of the store run on: SQLite, and PostgreSQL in the project `postgres`. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Client } from 'pg';
import { inject, onTestFinished } from 'vitest';
import type { StoreEngine } from '../../daemon/worker/store/engine.js';
import type { Migration } from '../../daemon/worker/store/migrations/migration.js';
import { type PostgresEngine, postgresEngine, type PostgresOptions } from '../../daemon/worker/store/postgres/engine.js';
import { lineageOf } from '../../daemon/worker/store/postgres/members/lineage.js';
import { sqliteEngine } from '../../daemon/worker/store/sqlite/engine.js';
import { resolvePaths } from '../../shared/node/process/paths.js';
import { placeDatabase } from './placed-database.js';
import { tempDir } from './temp-dir.js';

export const isOnPostgres = process.env['XOPC_TEST_ENGINE'] === 'postgres';

function urlOf(database: string): string {
  const server = inject('postgres');
  if ('reason' in server) throw new Error(server.reason);
  const url = new URL(server.url);
  url.pathname = database;
  return url.href;
}

/** Runs a statement about databases, outside of them. */
async function administrate(statement: string): Promise<void> {
  const client = new Client({ connectionString: urlOf('postgres') });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** Creates a database that somebody else drops: an empty one, or with the schema. @returns its URL */
export async function addDatabase({ isEmpty = false, options = '' } = {}): Promise<string> {
  const name = `t_${randomBytes(6).toString('hex')}`;
  const server = inject('postgres');
  const first = 'url' in server ? new URL(server.url).pathname.slice(1) : '';
  // Files are copied in half of the time that PostgreSQL takes to log what is in them.
  await administrate(`create database ${name} ${isEmpty ? options : `template ${first} strategy file_copy`}`);
  return urlOf(name);
}

export const dropDatabase = (url: string): Promise<void> => administrate(`drop database ${new URL(url).pathname.slice(1)} with (force)`);

const LINEAGE = { id: 'test', name: 'test' };

/** Creates a database that is dropped after the test, whoever uses it: an empty one, or with the schema. @returns its URL */
export async function createDatabase(options: { isEmpty?: boolean; options?: string } = {}): Promise<string> {
  const url = await addDatabase(options);
  onTestFinished(() => dropDatabase(url));
  return url;
}

/** Runs a statement in a session of its own. */
export async function query(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

/** Every worker of the tests lives, as far as its supervisor knows. */
const livingIds: string[] = [];

/** Returns an engine for another worker, by default of one gateway. */
export function postgresAt(url: string, options: Partial<Omit<PostgresOptions, 'url'>> = {}): PostgresEngine {
  const { instanceId = `wk_${livingIds.length}` } = options;
  livingIds.push(instanceId);
  const facts = () => ({ version: '1.0.0', build: 'b1', address: null, settings: 'same' });
  const member = { instanceId, livingIds: () => livingIds, facts, serves: () => [], onLost: () => undefined };
  return postgresEngine({ url, dataDir: '', lineage: LINEAGE, ...member, ...options });
}

/** Creates its database when it is opened first; called in a test, at whose end that is dropped. */
function newPostgres(): StoreEngine {
  const engine = postgresAt('postgres://nowhere');
  const urls: string[] = [];
  let made: Promise<StoreEngine> | undefined;
  // Registered now, so that it runs after what closes the store.
  onTestFinished(async () => {
    for (const url of urls) await dropDatabase(url);
  });
  async function make(): Promise<StoreEngine> {
    const url = await addDatabase();
    urls.push(url);
    return postgresAt(url);
  }
  const get = (): Promise<StoreEngine> => (made ??= make());
  return { ...engine, open: async (options) => (await get()).open(options), readSize: async () => (await get()).readSize() };
}

/** The databases of the homes of this test file. */
const databases = new Map<string, string>();

/** Returns `store` of the configuration for a home: its own database in the project `postgres`, otherwise none. */
export async function databaseOf(home: string): Promise<{ url?: string }> {
  if (!isOnPostgres) return {};
  const url = databases.get(home) ?? (await createDatabase());
  databases.set(home, url);
  return { url };
}

/** Gives another home the database of the first one. */
export async function shareDatabase(home: string, other: string): Promise<string> {
  const { url = '' } = await databaseOf(home);
  databases.set(other, url);
  return url;
}

/** Returns an engine for the database of a home, for another worker of its gateway. */
export async function engineOf(home: string): Promise<StoreEngine> {
  const { url } = await databaseOf(home);
  const { dataDir, databasePath } = resolvePaths({ home, runtimeDir: home });
  return url === undefined ? placedSqlite(databasePath) : postgresAt(url, { dataDir, lineage: lineageOf(dataDir) });
}

const newPath = (): string => join(tempDir(), 'state', 'gateway.db');

function placedSqlite(path: string): StoreEngine {
  const engine = sqliteEngine(path);
  return { ...engine, open: (options) => placeDatabase(path).then(() => engine.open(options)) };
}

/** Returns an engine for a new, empty database: of SQLite, unless the tests of this project run on PostgreSQL. */
export function newEngine({
  path,
  migrations,
}: { path?: string | undefined; migrations?: readonly Migration[] | undefined } = {}): StoreEngine {
  if (path !== undefined || migrations !== undefined) return sqliteEngine(path ?? newPath(), migrations);
  return isOnPostgres ? newPostgres() : placedSqlite(newPath());
}
