/** Fills a gateway's database as years of use would, with SQL and while no gateway runs. */
import Database from 'libsql';

const START_MS = Date.parse('2025-01-01');

/** The numbers from 0 to `count` - 1 as `n`. */
const numbers = (count) => `with recursive numbers (n) as (select 0 union all select n + 1 from numbers where n < ${count} - 1)`;

/**
 * @param path  of a database that a gateway has made.
 * @param size.sessions  each with its share of the messages.
 * @param size.messages  each of them delivered to a chat.
 */
export function seedDatabase(path, { sessions, messages }) {
  const database = new Database(path);
  database.exec('begin immediate');
  database.exec(`insert into sessions (key, agent_id, channel, account_id, peer_kind, peer_id, title, message_count, created_at, updated_at)
    ${numbers(sessions)} select 'main:webchat:default:direct:seed-' || n, 'main', 'webchat', 'default', 'direct', 'seed-' || n,
      'Conversation number ' || n, ${Math.floor(messages / sessions)}, ${START_MS} + n, ${START_MS} + n * 7919 % 1000003 from numbers`);
  const first = database.prepare('select min(id) as id from sessions where peer_id = ?').get(['seed-0']).id;
  database.exec(`insert into messages (id, session_id, turn_id, role, content, model, status, created_at)
    ${numbers(messages)} select printf('msg_0%031x', n), ${first} + n % ${sessions}, null, 'assistant',
      'message number ' || n || ' of a conversation that began long ago ' || hex(n * 7919), null, 'complete', ${START_MS} + n from numbers`);
  database.exec(`insert into outbox_messages
      (id, channel, account_id, chat_id, content, state, due_at, expires_at, created_at, updated_at, finished_at)
    select id, 'webchat', 'default', 'seed-' || seq % ${sessions}, content, 'delivered', created_at, created_at + 86400000, created_at,
      created_at, ${Date.now()} from messages`);
  database.exec("insert into messages_search (messages_search) values ('rebuild')");
  database.exec('update messages_search_position set position = (select max(seq) from messages)');
  database.exec('commit');
  database.close();
}
