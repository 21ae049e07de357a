/** Messages on their way out to chats and in from them. */
import { sql } from 'kysely';
import type { Queries } from '../schema.js';
import type { Migration } from './migration.js';

async function outbox(db: Queries): Promise<void> {
  await db.schema
    .createTable('outbox_messages')
    .addColumn('seq', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('id', 'text', (column) => column.notNull().unique())
    .addColumn('channel', 'text', (column) => column.notNull())
    .addColumn('account_id', 'text', (column) => column.notNull())
    .addColumn('chat_id', 'text', (column) => column.notNull())
    .addColumn('content', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('instance_id', 'text')
    .addColumn('due_at', 'bigint', (column) => column.notNull())
    .addColumn('attempted_at', 'bigint')
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .addColumn('last_error', 'text')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull())
    .addColumn('finished_at', 'bigint')
    .execute();
  await sql`create index outbox_messages_pending on outbox_messages (channel, account_id, chat_id, seq) where finished_at is null`.execute(
    db,
  );
  await sql`create index outbox_messages_state on outbox_messages (state, seq)`.execute(db);
  await sql`create index outbox_messages_finished on outbox_messages (finished_at) where finished_at is not null`.execute(db);
  await db.schema
    .createTable('outbox_parts')
    .addColumn('message_seq', 'integer', (column) => column.notNull().references('outbox_messages.seq').onDelete('cascade'))
    .addColumn('part', 'integer', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull().defaultTo(0))
    .addPrimaryKeyConstraint('outbox_parts_pk', ['message_seq', 'part'])
    .execute();
}

async function inbox(db: Queries): Promise<void> {
  await db.schema
    .createTable('inbox_messages')
    .addColumn('seq', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('id', 'text', (column) => column.notNull().unique())
    .addColumn('channel', 'text', (column) => column.notNull())
    .addColumn('account_id', 'text', (column) => column.notNull())
    .addColumn('scope', 'text', (column) => column.notNull())
    .addColumn('update_id', 'text', (column) => column.notNull())
    .addColumn('chat_id', 'text', (column) => column.notNull())
    .addColumn('peer_kind', 'text', (column) => column.notNull())
    .addColumn('content', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('instance_id', 'text')
    .addColumn('turn_id', 'text')
    .addColumn('is_repeatable', 'integer', (column) => column.notNull().defaultTo(1))
    .addColumn('preview_id', 'text')
    .addColumn('error', 'text')
    .addColumn('received_at', 'bigint', (column) => column.notNull())
    .addColumn('finished_at', 'bigint')
    .addUniqueConstraint('inbox_messages_update', ['scope', 'update_id'])
    .execute();
  await sql`create index inbox_messages_pending on inbox_messages (channel, account_id, chat_id, seq) where finished_at is null`.execute(
    db,
  );
  await sql`create index inbox_messages_turn on inbox_messages (turn_id) where turn_id is not null`.execute(db);
  await sql`create index inbox_messages_finished on inbox_messages (finished_at) where finished_at is not null`.execute(db);
  await db.schema
    .createTable('inbox_cursors')
    .addColumn('scope', 'text', (column) => column.primaryKey().notNull())
    .addColumn('position', 'bigint', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull())
    .execute();
}

async function pairings(db: Queries): Promise<void> {
  await db.schema
    .createTable('pairings')
    .addColumn('channel', 'text', (column) => column.notNull())
    .addColumn('account_id', 'text', (column) => column.notNull())
    .addColumn('sender_id', 'text', (column) => column.notNull())
    .addColumn('sender_name', 'text', (column) => column.notNull())
    .addColumn('code', 'text')
    .addColumn('expires_at', 'bigint')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('pairings_pk', ['channel', 'account_id', 'sender_id'])
    .execute();
}

export const delivery: Migration = {
  version: 2,
  phase: 'expand',
  async up(db) {
    await outbox(db);
    await inbox(db);
    await pairings(db);
  },
};
