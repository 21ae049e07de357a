/** Messages out and in, and a job each second, while a cluster has faults. */
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../../helpers/real-gateway.js';
import { ask, read } from './ask.js';
import type { World } from './world.js';

export const MESSAGES = 2_000;
export const CHATS = 50;
/** Of each kind. */
const PER_SECOND = 6;
const ON_THEIR_WAY = 150;
/** Bounded: some never come, because their outcome is unknown. */
const CALM_MS = 5_000;
const ACCEPTED_MS = 90_000;
export const JOB_CHAT = 'jobs';

/** In a chat one after the other, with the same key until a node has taken it. */
async function send({ front }: World, number: number): Promise<void> {
  const body = { channel: 'webhook', chat_id: `chat${number % CHATS}`, content: `out-${number}` };
  const isTaken = async (): Promise<boolean> => {
    const answer = await ask(front, 'POST /api/message', { body, key: `out-${number}` });
    if (answer === undefined || answer.status >= 500) return false;
    if (answer.status !== 200) throw new Error(`out-${number}: ${answer.status} ${answer.text}`);
    return true;
  };
  await until('a node to take the message', isTaken, ACCEPTED_MS);
}

/** @returns what ends it */
export async function createJob({ front }: World): Promise<() => Promise<void>> {
  const body = { schedule: 'every 1s', message: 'tick', channel: 'webhook', chat_id: JOB_CHAT };
  const { job } = await read<{ job: { id: string } }>(front, 'POST /api/cron/create', body);
  return () => read(front, `POST /api/cron/${job.id}/toggle`, { enabled: false });
}

/**
 * With so many on their way at most, so that a slow machine is not flooded.
 * @param isOver  whether the rest may come faster
 */
export async function talk(world: World, isOver: () => boolean): Promise<void> {
  const { telegram, receiver } = world;
  const chats = Array.from({ length: CHATS }, () => Promise.resolve());
  for (let number = 0; number < MESSAGES; number += 1) {
    const chat = number % CHATS;
    telegram.say(`in-${number}`, { from: { id: 100 + chat, first_name: 'P' }, chat: { id: 100 + chat, type: 'private' } });
    chats[chat] = Promise.resolve(chats[chat]).then(() => send(world, number));
    if (!isOver()) await delay(1_000 / PER_SECOND);
    const isCalm = (): boolean => Math.min(telegram.bot.sent.length, receiver.received.length) + ON_THEIR_WAY > number;
    await until('answers', isCalm, CALM_MS).catch(() => undefined);
  }
  await Promise.all(chats);
}
