/** A program that sends messages to chats through a gateway and does not give up: it repeats with the same key until it is answered. */
import { setTimeout as delay } from 'node:timers/promises';

export interface SentText {
  readonly channel: string;
  readonly chatId: string;
  /** Default: the channel's only account, or the one named `default`. */
  readonly accountId?: string;
  readonly content: string;
  /** The same at every repetition. */
  readonly key: string;
}

const PAUSE_MS = 20;
/** Answers that say that the same request may succeed later. */
const LATER = new Set([429, 503]);

/** One request. @returns undefined when nobody answered, or the gateway said "later" */
async function tryOnce(url: string, { channel, chatId, accountId, content, key }: SentText): Promise<string | undefined> {
  const body = JSON.stringify({ channel, chat_id: chatId, accountId, content });
  const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': key };
  let answer: Response;
  let json: { message_id?: string };
  try {
    answer = await fetch(`${url}/api/message`, { method: 'POST', headers, body });
    json = (await answer.json()) as typeof json;
  } catch {
    // The worker that had taken it was killed.
    return undefined;
  }
  if (answer.ok && json.message_id !== undefined) return json.message_id;
  if (LATER.has(answer.status)) return undefined;
  throw new Error(`${answer.status} ${JSON.stringify(json)}`);
}

/** @returns the message's id and how many requests it took */
async function send(url: string, text: SentText): Promise<{ id: string; tries: number }> {
  for (let tries = 1; ; tries += 1) {
    const id = await tryOnce(url, text);
    if (id !== undefined) return { id, tries };
    await delay(PAUSE_MS);
  }
}

/**
 * Sends every text: those of one chat one after another, the chats side by side.
 * @returns the ids in the order of `texts`, and how many requests were repeated
 */
export async function sendAll(url: string, texts: readonly SentText[]): Promise<{ ids: string[]; repeated: number }> {
  const ids: string[] = [];
  let repeated = 0;
  const chats = new Map<string, number[]>();
  for (const [index, { chatId }] of texts.entries()) chats.set(chatId, [...(chats.get(chatId) ?? []), index]);
  await Promise.all(
    [...chats.values()].map(async (indices) => {
      for (const index of indices) {
        const { id, tries } = await send(url, texts[index]!);
        ids[index] = id;
        repeated += tries - 1;
      }
    }),
  );
  return { ids, repeated };
}
