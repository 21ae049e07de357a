/**
 * Moves the journal's rows (0011) to their tables. This build does not use the journal, but a worker of the previous build may
 * still run; a trigger stores its rows in the same transaction.
 */
import { sql } from 'kysely';
import type { Migration } from './migration.js';

const COLUMNS = sql.raw(
  'id, session_key, agent_id, channel, account_id, peer_kind, peer_id, chat_id, title, content, body, accepted_at, expires_at',
);

export const applyJournal: Migration = {
  version: 12,
  phase: 'expand',
  async up(db) {
    await sql`create trigger accept_journal_apply after insert on accept_journal begin
      insert into sessions (key, agent_id, channel, account_id, peer_kind, peer_id, title, message_count, created_at, updated_at, is_unread)
        values (new.session_key, new.agent_id, new.channel, new.account_id, new.peer_kind, new.peer_id, new.title, 1, new.accepted_at,
          new.accepted_at, 1)
        on conflict (key) where deleted_at is null do update set title = coalesce(sessions.title, excluded.title),
          message_count = sessions.message_count + 1, updated_at = excluded.updated_at, is_unread = 1;
      insert into messages (id, session_id, role, content, status, created_at)
        values (new.id, (select id from sessions where key = new.session_key and deleted_at is null), 'assistant', new.content, 'complete',
          new.accepted_at)
        on conflict do nothing;
      insert into outbox_messages (id, channel, account_id, chat_id, content, state, due_at, expires_at, created_at, updated_at, finished_at)
        values (new.id, new.channel, new.account_id, new.chat_id, new.content,
          case when new.body is null then 'delivered' else 'queued' end, new.accepted_at, new.expires_at, new.accepted_at, new.accepted_at,
          case when new.body is null then new.accepted_at end)
        on conflict do nothing;
      insert into outbox_parts (message_seq, part, body, state)
        select seq, 1, new.body, 'queued' from outbox_messages where id = new.id and new.body is not null
        on conflict do nothing;
      delete from accept_journal where seq = new.seq;
    end`.execute(db);
    const { rows } = await sql<{ last: number | null }>`select max(seq) as last from accept_journal`.execute(db);
    const last = rows[0]?.last ?? 0;
    await sql`insert into accept_journal (${COLUMNS}) select ${COLUMNS} from accept_journal where seq <= ${last} order by seq`.execute(db);
    await sql`delete from accept_journal where seq <= ${last}`.execute(db);
  },
};
