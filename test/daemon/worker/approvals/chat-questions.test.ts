import { expect, test } from 'vitest';
import { Approvals } from '../../../../daemon/worker/approvals/approvals.js';
import { ChatQuestions, sayQuestion } from '../../../../daemon/worker/approvals/chat-questions.js';
import { type Approval, insertApproval } from '../../../../daemon/worker/store/approvals/approvals.js';
import { createFindChat } from '../../../../daemon/worker/store/approvals/approval-chats.js';
import { insertCronJob, type NewCronJob } from '../../../../daemon/worker/store/cron/cron-jobs.js';
import { endCronRun, insertCronRun } from '../../../../daemon/worker/store/cron/cron-runs.js';
import { insertInboxMessage, setInboxTurn } from '../../../../daemon/worker/store/delivery/inbox.js';
import type { Lane } from '../../../../daemon/worker/store/delivery/outbox.js';
import type { Store } from '../../../../daemon/worker/store/store.js';
import { systemClock } from '../../../../shared/clock.js';
import { GatewayError } from '../../../../shared/errors.js';
import { logMemory } from '../../../helpers/log-memory.js';
import { addSession, openStore } from '../../../helpers/open-store.js';
import { testConfig } from '../../../helpers/test-config.js';

const findChat = createFindChat((channel) => (channel === 'telegram' ? 'personal' : undefined));

async function ask(store: Store, turnId: string, input: unknown): Promise<Approval> {
  const session = await addSession(store, 'a');
  const call = { turnId, step: 0, callIndex: 0, sessionId: session.id, agentId: 'main', tool: 'files__write', said: '', input };
  const times = { askedAtMs: 1_770_000_000_000, expiresAtMs: 1_770_000_060_000 };
  return store.write((tx) => insertApproval(tx, call, times));
}

async function receive(store: Store, lane: Lane, { seq, turnId }: { seq: number; turnId: string }): Promise<void> {
  const message = { ...lane, id: `msg_${seq}`, scope: 's', updateId: String(seq), peerKind: 'direct', content: 'x', nowMs: 1 } as const;
  await store.write(async (tx) => {
    await insertInboxMessage(tx, message);
    await setInboxTurn(tx, { seq, turnId, sentLength: 0 });
  });
}

test('a question goes to the chat whose message the turn answers, except to the page, and to none that is gone', async () => {
  const store = await openStore();
  const lane: Lane = { channel: 'telegram', accountId: 'default', chatId: '7' };
  await receive(store, lane, { seq: 1, turnId: 'turn_1' });
  await receive(store, { ...lane, channel: 'webchat' }, { seq: 2, turnId: 'turn_2' });
  expect(await store.read((tx) => findChat(tx, 'turn_1'))).toEqual(lane);
  const sent: object[] = [];
  const woken: Lane[] = [];
  let isGone = false;
  const outbox = {
    async enqueue(_tx: unknown, message: object) {
      if (isGone) throw new GatewayError('CHANNEL_NOT_FOUND', { message: 'gone' });
      sent.push(message);
    },
    wake: (chat: Lane) => void woken.push(chat),
  };
  const questions = new ChatQuestions({ store, logger: logMemory(), outbox, findChat });
  const asked = await ask(store, 'turn_1', { path: '/tmp/a', api_key: 'sk-1' });
  await store.write((tx) => questions.post(tx, asked));
  await questions.posted('turn_1');
  expect(sent).toEqual([{ ...lane, id: expect.stringMatching(/^msg_/) as string, approvalId: asked.id, content: sayQuestion(asked) }]);
  expect(woken).toEqual([lane]);
  for (const turnId of ['turn_2', 'turn_3']) {
    const other = await ask(store, turnId, {});
    await store.write((tx) => questions.post(tx, other));
  }
  isGone = true;
  await store.write((tx) => questions.post(tx, asked));
  expect(sent.length).toBe(1);
});

test("the question of a job's turn goes to the chat to which the job reports, while it runs", async () => {
  const store = await openStore();
  const job: NewCronJob = {
    id: 'job_1',
    name: 'news',
    schedule: '@daily',
    message: 'x',
    mode: 'agent',
    channel: 'telegram',
    chat_id: '7',
    accountId: null,
    agentId: null,
    session: 'isolated',
    timezone: 'UTC',
    activeHours: null,
    dailyUsd: null,
    model: null,
    enabled: true,
    overlap: 'skip',
    missed: 'skip',
    interrupted: 'again',
    graceMs: 1,
    timeoutMs: 1,
    retries: 0,
    notifyAfter: 0,
    alertChannel: null,
    alertChatId: null,
    alertAccountId: null,
    isChatIdNumber: false,
    isAlertChatIdNumber: false,
    anchorMs: 1,
    nextAtMs: null,
    createdAtMs: 1,
    updatedAtMs: 1,
  };
  const run = { id: 'run_1', jobId: 'job_1', trigger: 'manual', scheduledAtMs: 1, dueAtMs: 1, state: 'running', turnId: 'turn_1' } as const;
  await store.write(async (tx) => {
    await insertCronJob(tx, job);
    await insertCronRun(tx, run);
  });
  const chat = { channel: 'telegram', accountId: 'personal', chatId: '7' };
  expect(await store.read((tx) => findChat(tx, 'turn_1'))).toEqual(chat);
  const { id } = await ask(store, 'turn_1', {});
  const approvals = new Approvals({
    store,
    clock: systemClock,
    config: () => testConfig(),
    waiting: { resume: async () => undefined, resumed: () => undefined },
    findChat,
  });
  const find = async (sessionKey: string, chatId: string): Promise<number | undefined> =>
    (await approvals.findIn(id, { sessionKey, chat: { ...chat, chatId } }))?.id;
  expect([await find('main:telegram:personal:direct:7', '7'), await find('main:telegram:personal:direct:8', '8')]).toEqual([id, undefined]);
  expect([await find((await addSession(store, 'a')).key, '8'), await approvals.findIn(99, { sessionKey: 'x', chat })]).toEqual([
    id,
    undefined,
  ]);
  await store.write((tx) => endCronRun(tx, 'run_1', { state: 'done', finishedAtMs: 2 }));
  expect(await store.read((tx) => findChat(tx, 'turn_1'))).toBeUndefined();
});

test('a question says who asks for what, until when, and is one message', async () => {
  const store = await openStore();
  const text = sayQuestion(await ask(store, 'turn_1', { path: '/tmp/a', api_key: 'sk-1', text: 'a ``` b' }));
  expect(text.replace(/\d+(?=\*\*| or)|(?<=deny )\d+/g, 'N')).toBe(
    '**Approval N**: the agent main asks to use the tool `files__write`:\n\n' +
      '````\n{\n  "path": "/tmp/a",\n  "api_key": "sk-1",\n  "text": "a ``` b"\n}\n````\n\n' +
      '/approve N or /deny N decides, until 2026-02-02T02:41:00.000Z.',
  );
  const hidden = sayQuestion(await ask(store, 'turn_3', { command: 'cat notes.txt # \u202e dlrow\u2066', 'pa\u3164th': '\u{e0041}❤️' }));
  expect(hidden).toContain(
    String.raw`"command": "cat notes.txt # \u202e dlrow\u2066",` + '\n  ' + String.raw`"pa\u3164th": "\udb40\udc41❤️"`,
  );
  const long = sayQuestion(await ask(store, 'turn_2', { text: '\u{1F980}'.repeat(50_000) }));
  expect(long.length).toBeLessThan(3_500);
  expect(long).toMatch(/\u{1F980} …\n```\n\n97517 more characters are not shown here: xopc approvals show \d+\n\n/u);
});
