import { expect, test } from 'vitest';
import { KeyedTurns } from '../../../../daemon/worker/turns/keyed-turns.js';
import { createLiveness } from '../../../../daemon/worker/store/liveness.js';
import type { Provider } from '../../../../daemon/worker/providers/provider.js';
import { anthropic } from '../../../fakes/vendors/anthropic.js';
import { calls, type FakeCall, says } from '../../../fakes/vendors/vendor-reply.js';
import { startVendor } from '../../../fakes/vendors/vendor-server.js';
import { ask, makeConversation, readTurn } from '../../../helpers/make-conversation.js';
import { tempDir } from '../../../helpers/temp-dir.js';
import { candidate, history, makeTurns, usage } from '../../../helpers/turns-fixture.js';

const SEND = { id: 'a', name: 'send', input: { channel: 'webhook', chat_id: 'room', content: 'Tea?' } };

/** Begins a turn with a key that makes a call, and returns what replaces its worker after the call. */
async function takeOver(call: FakeCall) {
  const fake = await startVendor(anthropic);
  const home = tempDir();
  const config = { channels: { webhook: { accounts: { default: { url: 'http://127.0.0.1:9/', inboundToken: 'a-token-of-sixteen' } } } } };
  const models = {
    providers: { fake: { baseUrl: fake.baseUrl, apiKey: 'key-of-the-fake', api: 'anthropic-messages', models: [{ id: 'fake-model' }] } },
  };
  const request = { message: 'invite them', idempotency: { key: 'k' } };
  const first = await makeConversation({ home, config, models, instanceId: 'wk_1' });
  fake.reply(calls(call), { ...says('Sent', '.'), gate: { before: 1, until: new Promise(() => undefined) } });
  void ask(first, request).catch(() => undefined);
  await expect.poll(() => fake.requests.length).toBe(2);
  return { fake, request, second: await makeConversation({ home, config, models, instanceId: 'wk_2' }) };
}

test.each([
  { what: 'has sent a message', call: SEND, sent: 1 },
  { what: 'has only looked', call: { id: 'a', name: 'time', input: { timezone: 'UTC' } }, sent: 0 },
])('a turn with a key that $what goes on from there after its worker was killed', async ({ call, sent }) => {
  const { fake, request, second } = await takeOver(call);
  fake.reply(says('Done.'));
  const { last } = await ask(second, request);
  expect(last).toMatchObject({ type: 'done', reply: 'Done.' });
  // The step that called the tool is not asked again.
  expect(fake.requests).toHaveLength(3);
  expect(JSON.stringify(fake.requests[2]?.body)).toContain('tool_result');
  expect((await second.outgoing.list({})).messages).toHaveLength(sent);
  const { messages } = await second.sessions.get('main:api:default:direct:default');
  expect(messages.filter(({ role }) => role === 'user')).toHaveLength(1);
});

test('a turn that fails after its worker was killed is not run again if that worker has sent a message', async () => {
  const { fake, request, second } = await takeOver(SEND);
  fake.reply(says(''), says('Again.'));
  for (const _time of [1, 2]) expect((await ask(second, request)).last).toMatchObject({ type: 'error', code: 'AGENT_ERROR' });
  expect(fake.requests).toHaveLength(3);
});

test('a caller that has read of a running turn just before its end gets its answer, and the turn is not run again', async () => {
  const world = await makeTurns();
  const { store, request } = world;
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  let asked = 0;
  const stream: Provider['stream'] = async function* () {
    asked += 1;
    await held;
    yield { type: 'delta', text: 'four' };
    yield { type: 'finish', usage };
  };
  const turn = {
    scope: 'agent',
    bodyHash: 'hash',
    caller: { key: 'k' },
    prepare: async () => request(candidate(stream), { asker: 'program' }),
  };
  const callers = (live: Pick<typeof world.live, 'rewind' | 'isRunning'>) =>
    readTurn(
      new KeyedTurns({ ...world, live, instanceId: 'wk_1', liveness: createLiveness('wk_1', () => ['wk_1']) }).run(
        turn,
        new AbortController().signal,
      ),
    );
  const first = callers(world.live);
  await expect.poll(() => asked).toBe(1);
  await expect.poll(() => world.live.isRunning(request(candidate([])).session.key)).toBe(true);
  // What this one is told of the worker is from after the end.
  const late = await new Promise<{ result: ReturnType<typeof callers> }>((resolve) => {
    const result = callers({
      rewind: () => undefined,
      isRunning() {
        resolve({ result });
        return false;
      },
    });
  });
  release();
  for (const { text } of [await first, await late.result]) expect(text).toBe('four');
  expect([asked, await history(store)]).toEqual([1, ['user complete: hello', 'assistant complete: four']]);
});
