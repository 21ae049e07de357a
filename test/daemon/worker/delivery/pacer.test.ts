import { expect, test } from 'vitest';
import type { Pace } from '../../../../daemon/worker/channels/channel.js';
import { Pacer } from '../../../../daemon/worker/delivery/pacer.js';
import { paceOf } from '../../../../daemon/worker/channels/telegram/pace.js';

const lane = (chatId: string, accountId = 'a') => ({ channel: 'test', accountId, chatId });

/** Sends as fast as it may, always to the chat that may be sent to first. @returns by send: when, and to which chat */
function sendAll(chats: Readonly<Record<string, number>>): { atMs: number; chatId: string }[] {
  const pacer = new Pacer();
  const left = new Map(Object.entries(chats).map(([chatId, count]) => [chatId, { count, atMs: 0 }]));
  const sends: { atMs: number; chatId: string }[] = [];
  for (let asks = 0; left.size > 0; asks += 1) {
    const [chatId, chat] = [...left].reduce((first, next) => (next[1].atMs < first[1].atMs ? next : first));
    const nowMs = Math.max(sends.at(-1)?.atMs ?? 0, chat.atMs);
    const atMs = pacer.ask(lane(chatId), paceOf(chatId), nowMs);
    if (atMs > nowMs) {
      chat.atMs = atMs;
      expect(asks).toBeLessThan(100_000);
      continue;
    }
    pacer.count(lane(chatId), paceOf(chatId), nowMs);
    sends.push({ atMs: nowMs, chatId });
    chat.count -= 1;
    if (chat.count === 0) left.delete(chatId);
  }
  return sends;
}

/** Returns the largest number of times within any span. */
function mostWithin(timesMs: readonly number[], spanMs: number): number {
  return Math.max(...timesMs.map((startMs) => timesMs.filter((atMs) => atMs >= startMs && atMs < startMs + spanMs).length));
}

test('an account stays below 30 messages a second, and uses nearly all of them', () => {
  const chats = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [String(index + 1), 1]));
  const times = sendAll(chats).map(({ atMs }) => atMs);
  expect(mostWithin(times, 1_000)).toBeLessThanOrEqual(30);
  expect(times.at(-1)).toBeLessThan(13_000);
});

test('a chat gets a message a second after a short burst, a group at most 20 a minute', () => {
  const sends = sendAll({ '42': 60, '-100': 60 });
  const timesOf = (chatId: string): number[] => sends.filter((send) => send.chatId === chatId).map(({ atMs }) => atMs);
  expect(timesOf('42').slice(0, 5)).toEqual([0, 0, 0, 1_000, 2_000]);
  expect(mostWithin(timesOf('42'), 60_000)).toBeLessThanOrEqual(62);
  expect(mostWithin(timesOf('-100'), 60_000)).toBeLessThanOrEqual(20);
  expect(timesOf('42').at(-1)).toBe(57_000);
});

test('the topics of a group share its pace, even if all of them ask at once', () => {
  const pacer = new Pacer();
  const topics = ['-100', '-100:1', '-100:2', '-100:3', '-100:4', '-100:5', '-100:6'];
  const askAll = (nowMs: number): number[] => topics.map((chatId) => pacer.ask(lane(chatId), paceOf(chatId), nowMs));
  expect(askAll(0)).toEqual([0, 0, 0, 0, 0, 4_000, 4_000]);
  for (const chatId of topics.slice(0, 5)) pacer.count(lane(chatId), paceOf(chatId), 0);
  const sends = sendAll(Object.fromEntries(topics.map((chatId) => [chatId, 10])));
  expect(
    mostWithin(
      sends.map(({ atMs }) => atMs),
      60_000,
    ),
  ).toBeLessThanOrEqual(20);
});

const pace: Pace = { account: { intervalMs: 100, burst: 1 }, chat: { intervalMs: 10, burst: 1 } };

test('each waiting chat is given a time of its own, which asking again does not change', () => {
  const pacer = new Pacer();
  expect(['1', '2', '3'].map((chat) => pacer.ask(lane(chat), pace, 0))).toEqual([0, 100, 200]);
  expect(['3', '2', '1'].map((chat) => pacer.ask(lane(chat), pace, 0))).toEqual([200, 100, 0]);
  pacer.count(lane('1'), pace, 0);
  expect(pacer.ask(lane('2'), pace, 100)).toBe(100);
  expect(pacer.ask(lane('1', 'other'), pace, 0)).toBe(0);
});

test('times that passed while nothing was sent do not add up to a burst', () => {
  const pacer = new Pacer();
  for (const chat of ['1', '2', '3']) pacer.ask(lane(chat), pace, 0);
  const times = ['1', '2', '3'].map((chat) => {
    const atMs = pacer.ask(lane(chat), pace, 60_000);
    if (atMs === 60_000) pacer.count(lane(chat), pace, atMs);
    return atMs;
  });
  expect(times).toEqual([60_000, 60_100, 60_200]);
});

test('a chat with nothing to send loses its time, and a clock that is set back voids all', () => {
  const pacer = new Pacer();
  const nowMs = 10_000_000;
  pacer.ask(lane('1'), pace, nowMs);
  pacer.ask(lane('2'), pace, nowMs);
  pacer.release(lane('2'));
  expect(pacer.ask(lane('2'), pace, nowMs + 110)).toBe(nowMs + 200);
  expect(pacer.ask(lane('2'), pace, 1_000_000)).toBe(1_000_000);
});
