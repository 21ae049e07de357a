import { expect, test, vi } from 'vitest';
import { says } from '../../../fakes/openai/reply.js';
import { chatHistory, makeChat } from '../../../helpers/chat-fixture.js';
import { setInboxPreview } from '../../../../daemon/worker/store/delivery/inbox.js';
import { Store } from '../../../../daemon/worker/store/store.js';
import { GatewayError } from '../../../../shared/errors.js';
import { openStore } from '../../../helpers/open-store.js';

const never = new Promise<void>(() => undefined);
const hanging = { ...says('begun ', 'never said'), gate: { before: 1, until: never } };

test('the next worker gives an interrupted answer once, to a question that is stored once', async () => {
  const { start, say, told, model } = await makeChat();
  const old = await start({ instanceId: 'wk_old' });
  model.reply(hanging, says('whole'));
  await say(old, 'hello');
  await say(old, 'second');
  await model.received(1);
  await old.quiesce();
  await old.close();
  const next = await start({ home: old.home, instanceId: 'wk_next' });
  expect((await told(2))[0]).toBe('whole');
  expect(await chatHistory(next)).toEqual([
    'user complete: hello',
    'assistant complete: whole',
    'user complete: second',
    expect.stringMatching(/^assistant/),
  ]);
  expect(model.requests[1]?.messages.at(-1)?.content).toBe('hello');
});

test('what arrives while a worker ends is stored by it and answered by the next', async () => {
  const { start, say, told } = await makeChat();
  const old = await start({ instanceId: 'wk_old' });
  await old.quiesce();
  await say(old, 'late');
  const next = await start({ home: old.home, instanceId: 'wk_next', liveInstanceIds: () => ['wk_old', 'wk_next'] });
  await say(old, 'later');
  await told(2);
  expect((await chatHistory(next)).filter((line) => line.startsWith('user'))).toEqual(['user complete: late', 'user complete: later']);
});

test('a turn that the worker before still runs is left to it, and the chat waits', async () => {
  const { start, say, told, model } = await makeChat();
  const live = ['wk_old'];
  const old = await start({ instanceId: 'wk_old', liveInstanceIds: () => live });
  live.push('wk_next');
  let open = (): void => undefined;
  const until = new Promise<void>((resolve) => {
    open = resolve;
  });
  model.reply({ ...says('from the old one'), gate: { before: 0, until } });
  await say(old, '1');
  await model.received(1);
  await old.quiesce();
  const next = await start({ home: old.home, instanceId: 'wk_next', liveInstanceIds: () => live });
  await say(next, '2');
  await say(next, 'elsewhere', { chatId: 'other' });
  await told(1);
  expect(model.requests).toHaveLength(2);
  open();
  const texts = await told(3);
  expect(texts[1]).toBe('from the old one');
});

test('a turn whose end could not be stored is run again', async () => {
  const { start, say, told, model } = await makeChat();
  const conversation = await start();
  let open = (): void => undefined;
  const until = new Promise<void>((resolve) => (open = resolve));
  model.reply({ ...says('said'), gate: { before: 0, until } }, says('whole'));
  await say(conversation, 'send it');
  await model.received(1);
  const away = vi.spyOn(Store.prototype, 'write').mockRejectedValue(new GatewayError('UNAVAILABLE', { message: 'the database is away' }));
  open();
  // The end of the turn, and what becomes of the message.
  await vi.waitUntil(() => away.mock.calls.length >= 2, 10_000);
  away.mockRestore();
  expect(await told(1)).toEqual(['whole']);
  expect(model.requests).toHaveLength(2);
});

test('/stop that comes during a restart also takes back the message whose answer the restart interrupted', async () => {
  const { start, say, told, model } = await makeChat();
  const old = await start({ instanceId: 'wk_old' });
  model.reply(hanging);
  await say(old, 'delete everything');
  await model.received(1);
  await old.quiesce();
  await old.close();
  const next = await start({ home: old.home, instanceId: 'wk_next', isActive: false });
  const store = await openStore({ home: old.home });
  await store.write((tx) => setInboxPreview(tx, { seq: 1, previewId: '7' }));
  for (const text of ['and then', '/stop']) await say(next, text);
  await next.activate();
  expect(await told(2)).toEqual(['Stopped before the answer was complete.', 'Stopped. 2 waiting messages will not be answered.']);
  expect(model.requests).toHaveLength(1);
});
