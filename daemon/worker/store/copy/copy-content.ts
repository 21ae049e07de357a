/**
 * Copies the content of a database into another one, of any engine. Its progress is recorded in the target with each batch. A copy
 * that was killed continues: the source is read from its beginning, and if it has changed since, the copy starts over.
 */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { GatewayError } from '../../../../shared/errors.js';
import type { CopyContentOptions, TableCopy } from '../../../../shared/node/database-module.js';
import { storeUnavailable } from '../engine.js';
import type { Queries } from '../schema.js';
import { type Checked, checkRow, NOTHING_CHECKED } from './checksum.js';
import type { CopiedColumn, CopiedRow, CopyPlace, CopySource, CopyTarget } from './copy-place.js';
import { COPIED_TABLES, type CopiedTable, IDENTITY_TABLE, PROGRESS_TABLE } from './tables.js';

const PROGRESS = sql.table(PROGRESS_TABLE);

/** The source has changed since the copy was begun. */
class Changed extends Error {}

interface Copying extends Pick<CopyContentOptions, 'onProgress' | 'beforeEnd'> {
  readonly source: CopySource;
  readonly target: CopyTarget;
}

/** A run of the command. A later run takes over the target. */
interface Run extends Copying {
  readonly owner: string;
}

type CheckedTables = ReadonlyMap<string, Checked>;

function refuse({ place, emptyHint }: CopyTarget, reason: string): GatewayError {
  return new GatewayError('CONFLICT', {
    message: `${place} cannot take the copy: ${reason}`,
    hint: `Nothing was changed. ${emptyHint}`,
  });
}

/** Returns the random name of a database; undefined for one that was never used. */
async function identityIn(db: Queries): Promise<string | undefined> {
  return (await db.selectFrom('gateway_identity').select('id').executeTakeFirst())?.id;
}

async function filledTables(db: Queries): Promise<string[]> {
  const names: string[] = [];
  for (const { name } of COPIED_TABLES) {
    if (name === IDENTITY_TABLE) continue;
    const { rows } = await sql`select 1 as one from ${sql.table(name)} limit 1`.execute(db);
    if (rows.length > 0) names.push(name);
  }
  return names;
}

async function beginNew({ target, owner }: Run, identity: string, db: Queries): Promise<void> {
  if (!target.isEmptyPlace) throw refuse(target, 'it exists already');
  const filled = await filledTables(db);
  if (filled.length > 0) throw refuse(target, `it is not empty (${filled.join(', ')})`);
  await sql`create table ${PROGRESS}
    (name text primary key, copied bigint not null, checksum text not null, source text not null, owner text not null)`.execute(db);
  await sql`delete from ${sql.table(IDENTITY_TABLE)}`.execute(db);
  for (const { name } of COPIED_TABLES) {
    await sql`insert into ${PROGRESS} (name, copied, checksum, source, owner)
      values (${name}, 0, '', ${identity}, ${owner})`.execute(db);
  }
}

interface ProgressRow {
  readonly name: string;
  readonly copied: number;
  readonly checksum: string;
  readonly source: string;
}

/**
 * Begins a copy, or takes over one in progress. @returns the progress of each table; `complete` if the target has all of an earlier
 * copy @throws CONFLICT
 */
async function begin(run: Run): Promise<CheckedTables | 'complete'> {
  const { source, target, owner } = run;
  const identity = await identityIn(source.query);
  if (identity === undefined) throw storeUnavailable(source.place, 'it has no identity');
  return target.write(async (db) => {
    const isBegun = (await target.columns(PROGRESS_TABLE)).length > 0;
    if (!isBegun && (await identityIn(db)) === identity) return 'complete';
    if (!isBegun) await beginNew(run, identity, db);
    const { rows } = await sql<ProgressRow>`select name, copied, checksum, source from ${PROGRESS}`.execute(db);
    if (rows.some((row) => row.source !== identity)) throw refuse(target, 'it has part of a copy of another database');
    await sql`update ${PROGRESS} set owner = ${owner}`.execute(db);
    return new Map(rows.map(({ name, copied, checksum }) => [name, { rows: copied, checksum }]));
  });
}

/** Removes what was copied, so that the copy can start over. */
async function startOver({ target }: Run): Promise<void> {
  await target.write(async (db) => {
    for (const { name } of COPIED_TABLES.toReversed()) await sql`delete from ${sql.table(name)}`.execute(db);
    await sql`update ${PROGRESS} set copied = 0, checksum = ''`.execute(db);
  });
}

interface Batch extends Checked {
  readonly table: string;
  readonly columns: readonly CopiedColumn[];
  readonly values: readonly CopiedRow[];
}

async function store({ target, owner }: Run, { table, columns, values, rows, checksum }: Batch): Promise<void> {
  await target.write(async (db) => {
    const noted = await sql`update ${PROGRESS} set copied = ${rows}, checksum = ${checksum}
      where name = ${table} and owner = ${owner}`.execute(db);
    if (noted.numAffectedRows !== 1n) {
      throw new GatewayError('CONFLICT', { message: `another command copies into ${target.place}`, hint: 'Let one of them end.' });
    }
    const names = sql.join(columns.map(({ name }) => sql.ref(name)));
    await sql`insert into ${sql.table(table)} (${names}) values ${sql.join(values.map((row) => sql`(${sql.join(row)})`))}`.execute(db);
  });
}

async function columnsOf({ source, target }: Copying, { name }: CopiedTable): Promise<CopiedColumn[]> {
  const [columns, others] = [await source.columns(name), await target.columns(name)];
  if (JSON.stringify(columns) === JSON.stringify(others)) return columns;
  throw storeUnavailable(target.place, `its table ${name} has other columns than that of ${source.place}`);
}

async function countRows({ query }: CopySource, table: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*) as count from ${sql.table(table)}`.execute(query);
  return rows[0]?.count ?? 0;
}

/** @param done  what an earlier run has copied. @throws Changed */
async function copyTable(run: Run, table: CopiedTable, done: Checked): Promise<Checked> {
  const { source, onProgress } = run;
  const columns = await columnsOf(run, table);
  const total = await countRows(source, table.name);
  let checked = NOTHING_CHECKED;
  for await (const batch of source.batches(table, columns)) {
    const values: CopiedRow[] = [];
    for (const row of batch) {
      checked = checkRow(checked, row);
      if (checked.rows > done.rows) values.push(row);
      else if (checked.rows === done.rows && checked.checksum !== done.checksum) throw new Changed();
    }
    if (values.length > 0) await store(run, { ...checked, table: table.name, columns, values });
    onProgress({ table: table.name, rows: checked.rows, total });
  }
  if (checked.rows < done.rows) throw new Changed();
  return checked;
}

async function copyTables(run: Run, done: CheckedTables): Promise<CheckedTables> {
  const copied = new Map<string, Checked>();
  for (const table of COPIED_TABLES) copied.set(table.name, await copyTable(run, table, done.get(table.name) ?? NOTHING_CHECKED));
  for (const { name, identity } of COPIED_TABLES) {
    if (identity !== undefined) await run.target.setIdentity(name, identity, await run.source.lastIdentity(name, identity));
  }
  return copied;
}

async function checkTable(place: CopyPlace, table: CopiedTable, columns: readonly CopiedColumn[]): Promise<Checked> {
  let checked = NOTHING_CHECKED;
  for await (const batch of place.batches(table, columns)) for (const row of batch) checked = checkRow(checked, row);
  return checked;
}

/** Returns the tables whose content differs. */
async function differences(copying: Copying, copied?: CheckedTables): Promise<{ tables: TableCopy[]; different: string[] }> {
  const { source, target } = copying;
  const tables: TableCopy[] = [];
  const different: string[] = [];
  for (const table of COPIED_TABLES) {
    const columns = await columnsOf(copying, table);
    const wanted = copied?.get(table.name) ?? (await checkTable(source, table, columns));
    const found = await checkTable(target, table, columns);
    if (found.rows !== wanted.rows || found.checksum !== wanted.checksum) different.push(table.name);
    tables.push({ table: table.name, ...wanted });
  }
  return { tables, different };
}

/** Copies what is missing. */
async function copyMissing(run: Run, done: CheckedTables): Promise<CheckedTables> {
  try {
    return await copyTables(run, done);
  } catch (error) {
    if (!(error instanceof Changed)) throw error;
    await startOver(run);
    return copyTables(run, new Map());
  }
}

/** See `DatabaseModule`. */
export async function copyContent(copying: Copying): Promise<TableCopy[]> {
  const { target, beforeEnd } = copying;
  const run = { ...copying, owner: randomUUID() };
  const done = await begin(run);
  if (done === 'complete') {
    const { tables, different } = await differences(copying);
    if (different.length > 0) throw refuse(target, `it has an earlier copy, and one of both has changed since (${different.join(', ')})`);
    await beforeEnd();
    // The earlier run may have been killed before the target was in its place.
    await target.finish();
    return tables;
  }
  const copied = await copyMissing(run, done);
  await target.prepare();
  const { tables, different } = await differences(copying, copied);
  if (different.length > 0) {
    throw storeUnavailable(target.place, `what was copied differs from the original (${different.join(', ')})`, {
      hint: 'Nothing uses it. Repeat the copy with a new, empty database.',
    });
  }
  await beforeEnd();
  await target.finish();
  return tables;
}
