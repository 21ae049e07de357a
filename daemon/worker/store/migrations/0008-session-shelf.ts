/**
 * Adds the state of sessions (pinned, tags, archived, unread), their usage, restorable jobs, and an index to list the messages of one
 * channel.
 */
import { sql } from 'kysely';
import type { Queries } from '../schema.js';
import type { Migration } from './migration.js';

async function sessions(db: Queries): Promise<void> {
  for (const flag of ['is_pinned', 'is_archived', 'is_unread']) {
    await db.schema
      .alterTable('sessions')
      .addColumn(flag, 'integer', (column) => column.notNull().defaultTo(0))
      .execute();
  }
  await db.schema
    .alterTable('sessions')
    .addColumn('tags', 'text', (column) => column.notNull().defaultTo('[]'))
    .execute();
  await db.schema.alterTable('sessions').addColumn('last_model', 'text').execute();
  await db.schema.alterTable('sessions').addColumn('input_tokens', 'bigint').execute();
  await db.schema.alterTable('sessions').addColumn('output_tokens', 'bigint').execute();
  await db.schema.alterTable('sessions').addColumn('cost_usd', 'real').execute();
  // The columns behind the order are what filters look at: a hundred thousand sessions are scanned in the index alone.
  await sql`create index sessions_listed on sessions
    (is_archived, is_pinned desc, updated_at desc, id desc, is_unread, channel, agent_id, model, last_model)
    where deleted_at is null`.execute(db);
  // The same with less in it. A build before this one lists without it, only slower.
  await sql`drop index sessions_recent`.execute(db);
  await sql`create table session_tags (
    tag text not null,
    session_id integer not null references sessions (id) on delete cascade,
    primary key (tag, session_id)
  ) without rowid`.execute(db);
  await sql`create index session_tags_session on session_tags (session_id)`.execute(db);
}

/** A trigger, so that turns ended by an earlier build are counted, too. Earlier usage is added with the next turn. */
async function usage(db: Queries): Promise<void> {
  const total = (column: string) =>
    sql.raw(`${column} = coalesce(
      ${column},
      (select sum(${column}) from turns where session_id = new.session_id and id <> new.id),
      0
    ) + coalesce(new.${column}, 0)`);
  await sql`create trigger turns_counted after update of state on turns
    when old.state = 'running' and new.state <> 'running' begin
    update sessions set
      last_model = coalesce(new.model, last_model),
      ${total('input_tokens')},
      ${total('output_tokens')},
      ${total('cost_usd')}
    where id = new.session_id;
  end`.execute(db);
}

export const sessionShelf: Migration = {
  version: 8,
  phase: 'expand',
  async up(db) {
    await sessions(db);
    await usage(db);
    await db.schema.alterTable('cron_jobs').addColumn('deleted_at', 'bigint').execute();
    await sql`create index outbox_messages_channel on outbox_messages (channel, state, seq)`.execute(db);
  },
};
