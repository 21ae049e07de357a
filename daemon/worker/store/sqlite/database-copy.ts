/** Copies of a database: made while others write to it, checked, and prepared to take its place. */
import { statSync } from 'node:fs';
import type { ValidAgain } from '../../../../shared/node/database-module.js';
import { shellCommand } from '../../../../shared/text/shell-word.js';
import { endUnfinished, RESTORED_REASONS } from '../copy/end-unfinished.js';
import { storeUnavailable } from '../engine.js';
import { MIGRATIONS, NEWEST_SCHEMA } from '../migrations/index.js';
import { queriesOf } from '../transaction.js';
import type { LibsqlConnection } from './connection.js';
import { quickCheck, withConnection } from './damage.js';
import { classifyFault, describeFault } from './faults.js';
import { readHeader } from './migrate.js';
import { openSqlite } from './open.js';

function assertFile(path: string): void {
  const entry = statSync(path, { throwIfNoEntry: false });
  if (entry === undefined || !entry.isFile()) throw storeUnavailable(path, 'it is not a regular file');
}

function toUnavailable(path: string, error: unknown): unknown {
  return classifyFault(error) === 'other' ? error : storeUnavailable(path, describeFault(error), { cause: error });
}

/** See `DatabaseModule`. One read transaction: commits made meanwhile are not in the copy and do not wait for it. */
export async function copyDatabase(from: string, to: string): Promise<number> {
  assertFile(from);
  try {
    return await withConnection(from, async (connection) => {
      const version = await readVersion(from, connection);
      // Not `run`, which would block the event loop and thus Ctrl-C.
      await connection.exec(`vacuum into '${to.replaceAll("'", "''")}'`);
      return version;
    });
  } catch (error) {
    throw toUnavailable(from, error);
  }
}

/** See `DatabaseModule`. */
export async function prepareDatabase(path: string, { to, unsettled }: { to: string; unsettled: 'unknown' | 'send' }): Promise<void> {
  assertFile(path);
  try {
    await assertSound(path);
    const database = await openSqlite(path, MIGRATIONS);
    try {
      await database.contract();
      if (unsettled === 'unknown') await database.transaction((tx) => endUnfinished(queriesOf(tx), Date.now(), RESTORED_REASONS));
    } finally {
      await database.close();
    }
    // The result is one file without a write-ahead log.
    await copyDatabase(path, to);
  } catch (error) {
    throw toUnavailable(path, error);
  }
}

/** See `DatabaseModule`. */
export function findValidAgain(restored: string, { present, nowMs }: { present: string; nowMs: number }): Promise<ValidAgain[]> {
  return withConnection(restored, async (connection) => {
    await connection.run('attach ? as present', [present]);
    const tokens = await connection.run<{ name: string }>(
      'select name from access_tokens where ifnull(expires_at > ?, true) and id not in (select id from present.access_tokens)',
      [nowMs],
    );
    const senders = await connection.run<{ channel: string; account: string; id: string; name: string }>(
      `select channel, account_id as account, sender_id as id, sender_name as name from pairings where code is null
        and (channel, account_id, sender_id) not in (select channel, account_id, sender_id from present.pairings where code is null)`,
    );
    const granted = (schema: string): string =>
      `from ${schema}.approval_grants as g left join ${schema}.sessions as s on s.id = g.session_id where s.deleted_at is null`;
    const grants = await connection.run<{ seq: number; agent: string; tool: string; session: string | null }>(
      `select seq, g.agent_id as agent, tool, key as session ${granted('main')}
        and (g.agent_id, tool, ifnull(key, '')) not in (select g.agent_id, tool, ifnull(key, '') ${granted('present')}) order by seq`,
    );
    return [
      ...tokens.rows.map(({ name }) => ({ what: `access token ${name}`, revoke: shellCommand`xopc token revoke ${name}` })),
      ...senders.rows.map(({ channel, account, id, name }) => ({
        what: `sender ${name || id} (${channel}/${account})`,
        revoke: shellCommand`xopc channels revoke ${channel} ${id} --account ${account}`,
      })),
      ...grants.rows.map(({ seq, agent, tool, session }) => ({
        what: `remembered approval of ${tool} for ${session === null ? `agent ${agent}` : `session ${session}`}`,
        revoke: shellCommand`xopc approvals revoke ${seq}`,
      })),
    ];
  });
}

/** Reads every page and index. @throws STORE_UNAVAILABLE */
async function assertSound(path: string): Promise<void> {
  await withConnection(path, async (connection) => {
    const version = await readVersion(path, connection);
    if (version > NEWEST_SCHEMA) {
      throw storeUnavailable(path, `it was written by a newer xopc (schema ${version}, this one knows ${NEWEST_SCHEMA})`);
    }
    const damage = await quickCheck(connection);
    if (damage !== null) throw storeUnavailable(path, `it is damaged (${damage})`);
  });
}

async function readVersion(path: string, connection: LibsqlConnection): Promise<number> {
  const { origin, version } = await readHeader(connection);
  if (origin === 'foreign') throw storeUnavailable(path, 'it belongs to another program');
  return version.version;
}
