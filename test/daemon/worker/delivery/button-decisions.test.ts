import { expect, onTestFinished, test } from 'vitest';
import { createApprovals } from '../../../../daemon/worker/approvals/create-approvals.js';
import { createDelivery } from '../../../../daemon/worker/delivery/create-delivery.js';
import type { InboxHandler } from '../../../../daemon/worker/delivery/inbox-queue.js';
import * as late from '../../../../daemon/worker/lazy/late.js';
import { findLaneOfTurn } from '../../../../daemon/worker/store/approvals/approval-chats.js';
import { hasPending } from '../../../../daemon/worker/store/approvals/approvals.js';
import { finishInbox, type InboxMessage, setInboxTurn } from '../../../../daemon/worker/store/delivery/inbox.js';
import { createLiveness } from '../../../../daemon/worker/store/liveness.js';
import { systemClock } from '../../../../shared/clock.js';
import { failure, type FakeTelegram, PERSON, type SentMessage, startFakeTelegram } from '../../../fakes/telegram/server.js';
import { logMemory } from '../../../helpers/log-memory.js';
import { addSession, openStore } from '../../../helpers/open-store.js';
import { telegramConfig } from '../../../helpers/telegram-fixture.js';
import { testConfig } from '../../../helpers/test-config.js';

/** Delivery and approvals of a worker whose turns only ask: `turn_N` for its Nth message. */
async function start(account: object = { groupPolicy: 'open' }) {
  const [store, fake] = [await openStore(), await startFakeTelegram()];
  const session = await addSession(store, 'a');
  const config = testConfig(telegramConfig(fake, { ...account }));
  const instanceId = 'wk_1';
  const deps = { store, clock: systemClock, logger: logMemory(), instanceId, liveness: createLiveness(instanceId, () => [instanceId]) };
  const common = { ...deps, config: () => config, publish: () => undefined, random: () => 0 };
  const resumed: string[] = [];
  const waiting = {
    resume: async (tx: Parameters<typeof hasPending>[0], turnId: string) => void (await hasPending(tx, turnId)),
    resumed: (turnId: string) => void resumed.push(turnId),
  };
  const delivery = createDelivery({ ...common, loadTelegram: () => late, decisions: () => approvals.service });
  const approvals = createApprovals({
    ...common,
    outbox: delivery.outbox,
    waiting,
    findChat: (tx, turnId) => findLaneOfTurn(tx, { turnId }),
  });
  let turns = 0;
  const handle = async ({ seq }: InboxMessage): Promise<undefined> => {
    const turnId = `turn_${(turns += 1)}`;
    const call = {
      turnId,
      step: 0,
      callIndex: 0,
      sessionId: session.id,
      agentId: 'main',
      tool: 'files__write',
      said: '',
      input: { turnId },
    };
    await store.write(async (tx) => {
      await setInboxTurn(tx, { seq, turnId, sentLength: 0 });
      await approvals.gate.ask(tx, call);
      await finishInbox(tx, { seq, instanceId, state: 'done', error: null, nowMs: 1 });
    });
    await approvals.gate.announce(turnId);
  };
  const handler = {
    handle,
    isCommand: () => false,
    hasAccount: () => true,
    canHandle: () => true,
    needsOf: () => [],
    note: async () => undefined,
    notify: async () => undefined,
    noted: () => undefined,
    interrupt: () => undefined,
    stop: () => undefined,
  };
  await delivery.start({ handler: handler satisfies InboxHandler, onMessageEnd: async () => undefined, commands: [] });
  onTestFinished(async () => {
    await approvals.expiry.stop();
    await delivery.quiesce(0);
    await delivery.close();
  });
  return { fake, approvals, resumed };
}

async function question(fake: FakeTelegram, number: number, options: object = {}): Promise<SentMessage> {
  fake.say('go', options);
  await fake.until(() => fake.bot.sent.length === number);
  const message = fake.bot.sent[number - 1];
  if (message === undefined) throw new Error('nothing was asked');
  return message;
}

const GROUP = { chat: { id: -100, type: 'supergroup', title: 'Group' }, message: { text: '@fake_bot go' } } as const;
const answers = ({ bot }: FakeTelegram): string[] => bot.presses.answers.map(({ text }) => text);

test('a question has buttons; a press decides, and the message says what was decided and by whom', async () => {
  const { fake, approvals, resumed } = await start();
  const first = await question(fake, 1);
  expect(first.buttons.map(({ text }) => text)).toEqual(['Approve', 'Deny', 'Always here']);
  expect(first.text).toMatch(
    /^Approval 1: the agent main asks to use the tool files__write:\n\n\{\n {2}"turnId": "turn_1"\n\}\n\n\/approve 1 or /,
  );
  fake.press(first, 'Approve');
  await fake.until(() => first.edits === 1 && answers(fake).length === 1);
  expect([first.text.split('\n').at(-1), first.buttons, answers(fake)]).toEqual(['Approved by Ann (telegram).', [], ['Approved']]);
  expect(await approvals.service.get(1, undefined)).toMatchObject({ state: 'approved', decidedBy: { via: 'telegram', name: 'Ann' } });
  expect(resumed).toEqual(['turn_1']);

  // In a group anybody decides; who comes second hears of the first, and the message shows it.
  const second = await question(fake, 2, GROUP);
  await approvals.service.decide({ id: 2, decision: 'deny', by: { via: 'page', name: null } }, undefined);
  fake.press(second, 'Always here', { id: 43, first_name: 'Bob' });
  await fake.until(() => second.edits === 1 && answers(fake).length === 2);
  expect(second.text.split('\n').at(-1)).toBe('Denied by page.');
  expect(answers(fake)[1]).toMatch(/^The approval 2 was already denied by page at /);
  const third = await question(fake, 3, { ...GROUP, chat: { ...GROUP.chat, id: -200 } });
  fake.press(third, 'Always here', { id: 43, first_name: 'Bob' });
  await fake.until(() => third.edits === 1 && answers(fake).length === 3);
  expect(third.text.split('\n').at(-1)).toBe('Approved by Bob (telegram), and always from now on.');
  expect(await approvals.service.grants(undefined)).toMatchObject([{ tool: 'files__write', approvalId: 3 }]);
});

test('a button cannot decide about the question of another chat, or about one that does not exist', async () => {
  const { fake, approvals } = await start();
  const mine = await question(fake, 1);
  const theirs = await question(fake, 2, GROUP);
  const forge = (data: string): SentMessage => ({ ...mine, buttons: [{ text: 'Approve', callback_data: data }] });
  for (const data of ['ap:2:y', 'ap:999:y']) fake.press(forge(data), 'Approve', PERSON);
  await fake.until(() => answers(fake).length === 2);
  expect(answers(fake)).toEqual(['This question is not known here.', 'This question is not known here.']);
  fake.press(forge('something else'), 'Approve', PERSON);
  fake.press(mine, 'Deny');
  await fake.until(() => mine.edits === 1);
  expect([(await approvals.service.get(2, undefined)).state, theirs.edits]).toEqual(['pending', 0]);
  expect((await approvals.service.get(1, undefined)).state).toBe('denied');
});

test('a question that has reached its chat under another id is decided there, and nowhere else', async () => {
  const { fake, approvals } = await start();
  fake.bot.migrated.set(-5, -1005);
  const asked = await question(fake, 1, { ...GROUP, chat: { ...GROUP.chat, id: -5 } });
  const other = await question(fake, 2, { ...GROUP, chat: { ...GROUP.chat, id: -300 } });
  expect([asked.chatId, other.chatId]).toEqual([-1005, -300]);
  const forged = { text: 'Approve', callback_data: 'ap:1:y' };
  const { messageId } = asked;
  // In a chat of their own, where a message has the same id as the question.
  for (const message of [other, { ...other, messageId }]) fake.press({ ...message, buttons: [forged] }, 'Approve');
  await fake.until(() => answers(fake).length === 2);
  expect((await approvals.service.get(1, undefined)).state).toBe('pending');
  fake.press(asked, 'Approve');
  await fake.until(() => asked.edits === 1 && answers(fake).length === 3);
  expect(answers(fake)).toEqual(['This question is not known here.', 'This question is not known here.', 'Approved']);
});

test('a second press there says how it was decided while the message still has its buttons', async () => {
  const { fake, approvals } = await start();
  fake.bot.migrated.set(-5, -1005);
  fake.fault('editMessageText', failure(400, "Bad Request: message can't be edited"));
  const asked = await question(fake, 1, { ...GROUP, chat: { ...GROUP.chat, id: -5 } });
  const pressed = async (label: string, person = PERSON): Promise<string | undefined> => {
    const count = answers(fake).length + 1;
    fake.press(asked, label, person);
    await fake.until(() => answers(fake).length === count);
    return answers(fake).at(-1);
  };
  expect(await pressed('Approve')).toBe('Approved');
  await fake.until(() => fake.calls.includes('editMessageText'));
  expect(await pressed('Deny', { id: 43, first_name: 'Bob' })).toMatch(/^The approval 1 was already given by Ann \(telegram\) at /);
  expect(await pressed('Approve')).toBe('Approved');
  expect(await approvals.service.get(1, undefined)).toMatchObject({ state: 'approved', decidedBy: { name: 'Ann' } });
});

test('someone whom the policy refuses is told so at the button, and decides nothing', async () => {
  const { fake, approvals } = await start({ groupPolicy: 'allowlist', allowFrom: [PERSON.id] });
  const asked = await question(fake, 1, GROUP);
  fake.press(asked, 'Approve', { id: 43, first_name: 'Bob' });
  await fake.until(() => answers(fake).length === 1);
  expect(answers(fake)).toEqual(['You are not allowed to decide here.']);
  expect((await approvals.service.get(1, undefined)).state).toBe('pending');
});
