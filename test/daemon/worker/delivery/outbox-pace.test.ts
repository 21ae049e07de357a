import { expect, test } from 'vitest';
import type { Delivery, SendOutcome } from '../../../../daemon/worker/channels/channel.js';
import { paceOf } from '../../../../daemon/worker/channels/telegram/pace.js';
import { HOUR_MS } from '../../../../shared/clock.js';
import { advanceUntil } from '../../../helpers/advance-until.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { makeOutbox } from '../../../helpers/outbox-fixture.js';
import { ScriptedChannels } from '../../../helpers/scripted-channels.js';

/** Takes everything at once, at Telegram's pace. */
class TelegramLike extends ScriptedChannels {
  readonly taken: { readonly chat: string; readonly body: string; readonly atMs: number }[] = [];
  readonly #clock: FakeClock;

  constructor(clock: FakeClock) {
    super();
    this.#clock = clock;
  }

  override paceOf(_channel?: string, chatId = ''): ReturnType<typeof paceOf> {
    return paceOf(chatId);
  }

  override send(_channel: string, { chatId: chat, body }: Delivery): Promise<SendOutcome> {
    this.taken.push({ chat, body, atMs: this.#clock.now() });
    return Promise.resolve({ type: 'delivered' });
  }
}

async function makePaced() {
  const clock = new FakeClock();
  const channels = new TelegramLike(clock);
  channels.unready.add('a');
  return { ...(await makeOutbox({ clock, channels })), clock, channels };
}

test('after an outage the outbox is sent at the pace of the channel, in the order of each chat', async () => {
  const { outbox, clock, channels, put } = await makePaced();
  await outbox.start();
  const expected: Record<string, string[]> = {};
  for (const [chat, count] of Object.entries({ '1': 8, '2': 8, '-3': 8 })) {
    for (let number = 0; number < count; number += 1) {
      await put(chat, `${number}`);
      (expected[chat] ??= []).push(`${number}`);
    }
  }
  for (let chat = 100; chat < 130; chat += 1) await put(String(chat), 'x');
  clock.advance(23 * HOUR_MS);
  expect(channels.taken).toEqual([]);
  channels.unready.clear();
  outbox.wakeAccount('test', 'a');
  const startedAtMs = clock.now();
  await advanceUntil(clock, () => channels.taken.length === 54);
  for (const [chat, bodies] of Object.entries(expected))
    expect(channels.taken.filter((sent) => sent.chat === chat).map(({ body }) => body)).toEqual(bodies);
  const within = (chat: string, ms: number): number =>
    channels.taken.filter((sent) => sent.chat === chat && sent.atMs < startedAtMs + ms).length;
  expect(within('1', 1_000)).toBeLessThanOrEqual(3);
  expect(within('1', 4_000)).toBeLessThanOrEqual(6);
  expect(within('-3', 4_000)).toBeLessThanOrEqual(5);
  expect(channels.taken.filter(({ atMs }) => atMs < startedAtMs + 1_000).length).toBeLessThanOrEqual(30);
});

test('messages older than a day are not sent late: they are dead and say so', async () => {
  const { outbox, clock, channels, put, until } = await makePaced();
  await outbox.start();
  const ids = [await put('1', 'old'), await put('1', 'older'), await put('2', 'old')];
  clock.jump(48 * HOUR_MS);
  channels.unready.clear();
  outbox.wakeAccount('test', 'a');
  for (const id of ids) expect(await until(id, 'dead')).toMatchObject({ lastError: 'expired before it could be sent', attempts: 0 });
  const fresh = await put('1', 'new');
  await until(fresh, 'delivered');
  expect(channels.taken.map(({ body }) => body)).toEqual(['new']);
});
