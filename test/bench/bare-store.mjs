/**
 * The least that stores what `POST /api/message` stores: Koa, koa-body, and the rows of a message that is delivered by being
 * stored, with random ids as most programs draw them. All that wait share a transaction, which is synced as it is there.
 * `node bare-store.mjs PORT DATABASE`, of a gateway that was stopped.
 */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import Koa from 'koa';
import { koaBody } from 'koa-body';
import Database from 'libsql';

const [port, path] = process.argv.slice(2);
const DAY_MS = 86_400_000;

const database = new Database(path);
for (const pragma of ['journal_mode = wal', 'synchronous = full', 'foreign_keys = on', 'wal_autocheckpoint = 4000']) {
  database.exec(`pragma ${pragma}`);
}
const touch = database.prepare(`update sessions set message_count = message_count + 1, updated_at = ?, is_unread = 1
  where key = ? and deleted_at is null`);
const begin =
  database.prepare(`insert into sessions (key, agent_id, channel, account_id, peer_kind, peer_id, title, message_count, created_at,
  updated_at, is_unread) values (?, 'main', ?, 'default', 'direct', ?, ?, 1, ?, ?, 1)`);
const say = database.prepare(`insert into messages (id, session_id, role, content, status, created_at)
  values (?, (select id from sessions where key = ? and deleted_at is null), 'assistant', ?, 'complete', ?)`);
const send =
  database.prepare(`insert into outbox_messages (id, channel, account_id, chat_id, content, state, due_at, expires_at, created_at,
  updated_at, finished_at) values (?, ?, 'default', ?, ?, 'delivered', ?, ?, ?, ?, ?)`);

function store(id, { channel, chat_id: chat, content }) {
  const now = Date.now();
  const key = `main:${channel}:default:direct:${chat}`;
  if (touch.run([now, key]).changes === 0) begin.run([key, channel, chat, content, now, now]);
  say.run([id, key, content, now]);
  send.run([id, channel, chat, content, now, now + DAY_MS, now, now, now]);
}

const waiting = [];
let isCommitting = false;

async function commit() {
  isCommitting = true;
  while (waiting.length > 0) {
    await new Promise(setImmediate);
    const batch = waiting.splice(0);
    database.exec('begin immediate');
    for (const { id, message } of batch) store(id, message);
    database.exec('commit');
    for (const { done } of batch) done();
  }
  isCommitting = false;
}

const app = new Koa();
app.use(koaBody());
app.use(async (ctx) => {
  if (ctx.method === 'GET') return void (ctx.body = {});
  const id = `msg_${randomUUID()}`;
  await new Promise((done) => {
    waiting.push({ id, message: ctx.request.body, done });
    if (!isCommitting) void commit();
  });
  ctx.body = { status: 'ok', message_id: id };
});
const answer = app.callback();
createServer((request, response) => void answer(request, response)).listen(Number(port), '127.0.0.1');
