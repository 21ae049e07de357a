import { expect, test } from 'vitest';
import { AccountChannel, type AccountCreation, type ChannelAccount } from '../../../../daemon/worker/channels/account-set.js';
import { ChannelRegistry } from '../../../../daemon/worker/channels/registry.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { testHost } from '../../../helpers/host-memory.js';
import { logMemory } from '../../../helpers/log-memory.js';
import { isReady, sendOnce } from './channel-contract.js';

type Creation = AccountCreation<object>;

/** A channel of two accounts: `odd` behaves as `behave` says, `calm` does nothing. */
function makeChannel(behave: (creation: Creation) => void | Promise<void>, stop?: () => Promise<void>) {
  const clock = new FakeClock();
  const log = logMemory();
  const made: string[] = [];
  const account = (creation: Creation): ChannelAccount => ({
    start: () => void (creation.accountId === 'odd' && behave(creation)),
    stop: stop ?? (async () => undefined),
    isReady: () => true,
    send: async () => ({ type: 'delivered' }),
    health: () => ({ state: 'running' }),
  });
  let settings: Record<string, object> = { odd: {}, calm: {} };
  const channel = new AccountChannel<object>({
    name: 'test',
    clock,
    logger: log,
    settings: () => settings,
    create(creation) {
      made.push(creation.accountId);
      return account(creation);
    },
    isIdempotent: () => false,
    compose: () => [],
  });
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await new Promise(setImmediate);
  };
  const configure = (next: Record<string, object>): Promise<void> => {
    settings = next;
    return channel.reconfigure();
  };
  return { channel, log, made, pass, configure };
}

const fault = (): never => {
  throw new TypeError('offered.value.every is not a function');
};

test.each<[string, (creation: Creation) => void | Promise<void>]>([
  ['throws at its start', fault],
  ['rejects in the background', ({ background }) => void background.run(async () => fault())],
  ['throws in a timer', ({ background }) => void background.clock.after(0, fault)],
])('an account that %s fails alone, says so, and is made again at growing intervals', async (_title, behave) => {
  const { channel, log, made, pass } = makeChannel(behave);
  await channel.start(testHost());
  await pass(0);
  expect(channel.health()['odd']).toEqual({
    state: 'backoff',
    message: 'it failed unexpectedly and is started again; the log has the reason: xopc gateway logs --level error',
  });
  expect(channel.health()['calm']).toEqual({ state: 'running' });
  expect(isReady(channel, 'odd')).toBe(false);
  expect(await sendOnce(channel, { id: 'm', accountId: 'odd', chatId: '1', body: '' })).toEqual({ type: 'interrupted' });
  expect(log.entries).toMatchObject([{ level: 'error', message: 'unexpected channel error' }]);
  for (const pauseMs of [1_000, 2_000, 4_000]) {
    made.length = 0;
    await pass(pauseMs - 1);
    expect(made).toEqual([]);
    await pass(1);
    await pass(0);
    expect(made).toEqual(['odd']);
  }
  await channel.stop();
  expect(channel.health()).toEqual({ odd: { state: 'off' }, calm: { state: 'off' } });
  made.length = 0;
  await pass(1_000_000);
  expect(made).toEqual([]);
});

test('a file of an account that is not running may be readable later; a channel without files has none', async () => {
  const { channel } = makeChannel(fault);
  const registry = new ChannelRegistry([channel]);
  const open = (accountId: string) => registry.openFile({ channel: 'test', accountId, fileId: 'f' }, new AbortController().signal);
  expect(await open('calm')).toEqual({ type: 'failed', reason: "its account 'calm' is not running" });
  await channel.start(testHost());
  expect(await open('odd')).toMatchObject({ type: 'failed', reason: expect.stringMatching(/^it failed unexpectedly/) as string });
  expect(await open('calm')).toEqual({ type: 'missing', reason: "nothing is attached in 'test'" });
  await channel.stop();
});

test('an account that failed once runs again', async () => {
  let isFirst = true;
  const { channel, pass } = makeChannel(() => {
    if (isFirst) {
      isFirst = false;
      fault();
    }
  });
  await channel.start(testHost());
  await pass(1_000);
  await pass(0);
  expect(channel.health()['odd']).toEqual({ state: 'running' });
});

test('a changed configuration replaces a failed account at once', async () => {
  const { channel, made, configure } = makeChannel(({ settings }) => void ('works' in settings || fault()));
  await channel.start(testHost());
  await configure({ odd: { works: true } });
  expect(channel.health()).toEqual({ odd: { state: 'running' } });
  expect(made).toEqual(['odd', 'calm', 'odd']);
});

test('an account that cannot be stopped does not keep the others from it', async () => {
  const { channel, log, configure } = makeChannel(
    () => undefined,
    async () => fault(),
  );
  await channel.start(testHost());
  await configure({});
  expect(channel.health()).toEqual({});
  expect(log.entries).toHaveLength(2);
});

test('a fault after the stop changes nothing', async () => {
  let late: (() => void) | undefined;
  const { channel, pass } = makeChannel(({ background }) => {
    const waiting = new Promise<void>((resolve) => (late = resolve));
    void background.run(() => waiting.then(fault));
  });
  await channel.start(testHost());
  await channel.stop();
  late?.();
  await pass(10_000);
  expect(channel.health()['odd']).toEqual({ state: 'off' });
});
