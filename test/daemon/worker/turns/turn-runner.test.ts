import { expect, test } from 'vitest';
import type { Provider, ProviderEvent } from '../../../../daemon/worker/providers/provider.js';
import { readTurnText } from '../../../../daemon/worker/store/conversations/turn-parts.js';
import { GUIDE_REF } from '../../../../shared/config/defaults.js';
import type { TurnEvent } from '../../../../daemon/worker/turns/turn-event.js';
import { type TurnEnding, type TurnHooks, TurnJournal } from '../../../../daemon/worker/turns/turn-journal.js';
import { GatewayError } from '../../../../shared/errors.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { session } from '../../../helpers/open-store.js';
import { candidate, hangs, history, makeTurns, says, usage } from '../../../helpers/turns-fixture.js';
import { createLiveness } from '../../../../daemon/worker/store/liveness.js';

const never = new AbortController().signal;

async function collect(events: AsyncIterable<TurnEvent>): Promise<TurnEvent[]> {
  const all: TurnEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

test('a turn reports its text and ends with `done`, when question and answer are on disk', async () => {
  const { turns, request, store, changes, live } = await makeTurns();
  const watch = live.watch(session('me').key);
  const events = await collect(turns.start(request(candidate(says('hi ', 'there'))), never));
  expect(events.map((event) => (event.type === 'delta' ? event.text : event.type)).join('')).toBe('hi theredone');
  expect(events.at(-1)).toEqual({
    type: 'done',
    reply: 'hi there',
    session: session('me').key,
    sessionKey: session('me').key,
    model: 'fake/one',
    usage: { ...usage, cacheReadTokens: 0, cacheWriteTokens: 0, costUsd: null },
  });
  expect(await history(store)).toEqual(['user complete: hello', 'assistant complete: hi there']);
  expect(changes.map(({ state }) => state)).toEqual(['started', 'done']);
  expect(watch.turn).toMatchObject({ state: 'done', text: 'hi there' });
});

test('nothing is reported before the question is on disk, and a question that cannot be stored stops the model', async () => {
  const { turns, request, store } = await makeTurns();
  let stored = (): void => undefined;
  const onDisk = new Promise<void>((resolve) => (stored = resolve));
  const writeEarly = store.writeEarly.bind(store);
  store.writeEarly = async (work) => {
    const early = await writeEarly(work);
    return { ...early, stored: early.stored.then(() => onDisk) as typeof early.stored };
  };
  const events: string[] = [];
  const reading = (async () => {
    for await (const { type } of turns.start(request(candidate(says('hi'))), never)) events.push(type);
  })();
  await expect.poll(() => history(store)).toHaveLength(1);
  expect(events).toEqual([]);
  stored();
  await reading;
  expect(events).toEqual(['delta', 'done']);
  let fail = (): void => undefined;
  const isAsked = new Promise<void>((resolve) => (fail = resolve));
  store.writeEarly = async (work) => ({
    ...(await writeEarly(work)),
    stored: isAsked.then(() => Promise.reject(new GatewayError('UNAVAILABLE', { message: 'disk' }))),
  });
  let modelSignal: AbortSignal | undefined;
  const model: Provider['stream'] = (asked, signal) => {
    fail();
    return hangs('secret')(asked, (modelSignal = signal));
  };
  expect(await collect(turns.start(request(candidate(model)), never))).toMatchObject([{ type: 'error', error: { code: 'UNAVAILABLE' } }]);
  expect(modelSignal?.aborted).toBe(true);
});

test('a worker that others may take for dead asks no model', async () => {
  const { turns, request, validity } = await makeTurns();
  validity.ms = 4_999;
  expect(await collect(turns.start(request(candidate(says('hi'))), never))).toMatchObject([
    { type: 'error', error: { code: 'UNAVAILABLE' } },
  ]);
  validity.ms = 5_000;
  expect((await collect(turns.start(request(candidate(says('hi'))), never))).at(-1)).toMatchObject({ type: 'done', reply: 'hi' });
});

test('a model that fails is an error in the session; its fallback is asked first', async () => {
  const { turns, request, store, changes } = await makeTurns();
  const failure = { kind: 'auth', status: 401, detail: 'bad key', retryAfterMs: null } as const;
  const broken = candidate([{ type: 'failed', failure }], 'fake/broken');
  expect((await collect(turns.start(request([broken, candidate(says('second'))]), never))).at(-1)).toMatchObject({ model: 'fake/one' });
  const [event] = await collect(turns.start(request(broken), never));
  expect(event).toMatchObject({ type: 'error', error: { code: 'AGENT_ERROR' } });
  expect((await history(store)).at(-1)).toMatch(/^system error: /);
  expect(changes.at(-1)).toMatchObject({ state: 'error', model: 'fake/broken' });
});

test('a fault of the gateway ends the turn in the store too, and shows nothing of itself', async () => {
  const { turns, request, store, logger } = await makeTurns();
  const model = candidate(async function* (): AsyncGenerator<ProviderEvent> {
    yield { type: 'delta', text: 'half' };
    throw new Error('secret');
  });
  const events = await collect(turns.start(request(model), never));
  expect(events).toMatchObject([{ type: 'delta' }, { type: 'error', error: { code: 'INTERNAL_ERROR' } }]);
  expect(JSON.stringify(await history(store))).not.toContain('secret');
  expect(await history(store)).toHaveLength(3);
  expect(logger.entries.some(({ level }) => level === 'error')).toBe(true);
});

test('turns of one session run one after another, those of others at once', async () => {
  const { turns, request } = await makeTurns();
  const first = turns.start(request(candidate(hangs('first'))), never);
  expect(await first.next()).toMatchObject({ value: { text: 'first' } });
  const second = collect(turns.start(request(candidate(says('second'))), never));
  const other = await collect(turns.start(request(candidate(says('other')), { session: session('another') }), never));
  expect(other.at(-1)).toMatchObject({ type: 'done', reply: 'other' });
  await first.return?.();
  expect((await second).at(-1)).toMatchObject({ type: 'done', reply: 'second' });
});

test.each([
  ['its signal', 'STOPPING'],
  ['the reader, who leaves', undefined],
  ['/stop', 'CONFLICT'],
  ['the deletion of its session', 'SESSION_NOT_FOUND'],
  ['a drain', 'STOPPING'],
])('a turn that %s stops keeps its text as an aborted answer', async (how, code) => {
  const { turns, request, store, changes, clock } = await makeTurns();
  const abort = new AbortController();
  const events = turns.start(request(candidate(hangs('half'))), abort.signal);
  await events.next();
  const { key } = session('me');
  if (how === 'its signal') abort.abort(new GatewayError('STOPPING', { message: 'it stops' }));
  else if (how === '/stop') expect(turns.stopTurns(key)).toBe(true);
  else if (how === 'a drain') {
    const drained = turns.drain(1_000);
    clock.advance(1_000);
    expect(await drained).toBe(1);
  } else if (how.startsWith('the deletion')) turns.stopSession(key);
  else await events.return?.();
  const last = await events.next();
  if (code === undefined) expect(last.done).toBe(true);
  else expect(last.value).toMatchObject({ type: 'error', error: { code } });
  await expect.poll(() => history(store)).toEqual(['user complete: hello', 'assistant aborted: half']);
  await expect.poll(() => changes.at(-1)?.state).toBe('aborted');
  expect(turns.stopTurns(key)).toBe(false);
});

test('a drain waits for turns that end in time', async () => {
  const { turns, request } = await makeTurns();
  const reading = collect(turns.start(request(candidate(says('quick'))), never));
  expect(await turns.drain(60_000)).toBe(0);
  expect((await reading).at(-1)?.type).toBe('done');
});

test('a waiting turn that is stopped leaves nothing behind', async () => {
  const { turns, request, store } = await makeTurns();
  const first = turns.start(request(candidate(hangs('first'))), never);
  await first.next();
  const abort = new AbortController();
  const waiting = collect(turns.start(request(candidate(says('x')), { text: 'waiting' }), abort.signal));
  abort.abort();
  expect(await waiting).toMatchObject([{ type: 'error', error: { code: 'UNAVAILABLE' } }]);
  await first.return?.();
  await expect.poll(() => history(store)).toEqual(['user complete: hello', 'assistant aborted: first']);
});

test('a command is answered without a model, and /stop does not wait for what it stops', async () => {
  const { turns, request } = await makeTurns();
  const first = turns.start(request(candidate(hangs('long'))), never);
  await first.next();
  const stopped = await collect(turns.start(request(candidate([]), { text: '/stop' }), never));
  expect(stopped.at(-1)).toMatchObject({ type: 'done', reply: 'Stopped.', model: GUIDE_REF });
  expect((await first.next()).value).toMatchObject({ type: 'error', error: { code: 'CONFLICT' } });
  const toModel = await collect(turns.start(request(candidate(says('a path')), { text: '/stop', asker: 'program' }), never));
  expect(toModel.at(-1)).toMatchObject({ reply: 'a path' });
});

test.each(['program', 'job'] as const)('a %s decides nothing by a command, even where no language model answers', async (asker) => {
  const { turns, request } = await makeTurns();
  const asked = request(candidate(says('guide'), GUIDE_REF), { text: '/approve 12', asker });
  expect((await collect(turns.start(asked, never))).at(-1)).toMatchObject({ reply: 'guide' });
});

test.each([
  ['program', '/new', 'New.'],
  ['program', ' /new\n', 'New.'],
  ['program', '/new York', 'to the model'],
  ['program', '/help', 'to the model'],
  ['job', '/new', 'to the model'],
  ['chat', '/new', 'New.'],
] as const)('a %s that says %j gets %j', async (asker, text, reply) => {
  const { turns, request } = await makeTurns();
  const events = await collect(turns.start(request(candidate(says('to the model')), { text, asker }), never));
  expect(events.at(-1)).toMatchObject({ type: 'done', reply });
});

test('the hooks take part in the transactions; an answer that will be given again is kept aside', async () => {
  const { turns, request, store, live } = await makeTurns();
  const watch = live.watch(session('me').key);
  const order: string[] = [];
  const endings: TurnEnding[] = [];
  const hooks = (isKept: boolean): TurnHooks => ({
    begun: async (_tx, { questionSeq }) => void order.push(`begun ${questionSeq > 0}`),
    beforeEnd: async () => void order.push('beforeEnd'),
    ended: async (_tx, end) => {
      order.push('ended');
      endings.push(end);
      return isKept;
    },
    committed: () => void order.push('committed'),
  });
  await collect(turns.start(request(candidate(says('kept')), { hooks: hooks(true) }), never));
  expect(order).toEqual(['begun true', 'beforeEnd', 'ended', 'committed']);
  expect(endings[0]).toMatchObject({ state: 'done', reply: 'kept', stopReason: null });
  await collect(turns.start(request(candidate(says('aside')), { text: 'again', hooks: hooks(false) }), never));
  expect(watch.turn?.state).toBe('again');
  expect(await history(store)).toEqual(['user complete: hello', 'assistant complete: kept', 'user complete: again']);
});

test('a hook that fails when the question is stored leaves no question', async () => {
  const { turns, request, store } = await makeTurns();
  const hooks = { begun: () => Promise.reject(new GatewayError('CONFLICT', { message: 'no', hint: 'Ask later.' })) };
  const [event] = await collect(turns.start(request(candidate(says('x')), { hooks }), never));
  expect(event).toMatchObject({ type: 'error', error: { code: 'CONFLICT', message: 'no. Ask later.' } });
  expect(await history(store)).toEqual([]);
});

test('text is stored while it is given, and removed with the answer', async () => {
  const { turns, request, store, clock, live } = await makeTurns();
  const watch = live.watch(session('me').key);
  const events = turns.start(request(candidate(hangs('half'))), never);
  await events.next();
  const id = watch.turn?.id ?? '';
  clock.advance(250);
  await expect.poll(() => store.read((tx) => readTurnText(tx, id))).toBe('half');
  await events.return?.();
  await expect.poll(() => history(store)).toHaveLength(2);
  expect(await store.read((tx) => readTurnText(tx, id))).toBe('');
});

test('a turn whose session another worker took over says so and stores nothing', async () => {
  const { turns, request, store } = await makeTurns();
  const events = turns.start(request(candidate(hangs('half'))), never);
  await events.next();
  const other = new TurnJournal({ store, clock: new FakeClock(), instanceId: 'wk_2', liveness: createLiveness('wk_2', () => []) });
  expect(await other.interruptOrphans()).toBe(0);
  turns.stopTurns(session('me').key);
  expect((await events.next()).value).toMatchObject({ type: 'error', error: { code: 'UNAVAILABLE' } });
  expect(await history(store)).toEqual(['user complete: hello', expect.stringMatching(/^system error: The answer was interrupted/)]);
});
