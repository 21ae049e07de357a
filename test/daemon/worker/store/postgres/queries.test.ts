import { Client } from 'pg';
import { expect, test, vi } from 'vitest';
import { type Acceptance, acceptMessages } from '../../../../../daemon/worker/store/delivery/accept.js';
import { openStore, session } from '../../../../helpers/open-store.js';

/** Notes what the session that writes is sent, and how often it is sent something when everything before was answered. */
function watchWriter() {
  const query: (...sent: unknown[]) => unknown = Client.prototype.query;
  const watch = { statements: 0, waits: 0 };
  const writers = new Set<unknown>();
  let unanswered = 0;
  vi.spyOn(Client.prototype, 'query').mockImplementation(async function (this: Client, ...sent: unknown[]) {
    // Nobody else begins so.
    if (String(sent[0]).includes('insert into commits')) writers.add(this);
    if (!writers.has(this)) return query.apply(this, sent);
    watch.statements += 1;
    if (unanswered === 0) watch.waits += 1;
    unanswered += 1;
    return (query.apply(this, sent) as Promise<unknown>).finally(() => (unanswered -= 1));
  } as never);
  return {
    take() {
      const taken = { ...watch };
      Object.assign(watch, { statements: 0, waits: 0 });
      return taken;
    },
  };
}

/** Of a chat that has parts to send. */
const acceptance = (chat: number, id: string): Acceptance => ({
  message: {
    channel: 'webhook',
    accountId: 'default',
    chatId: `${chat}`,
    id,
    content: id,
    bodies: [id, id],
    nowMs: 1_000,
    expiresAtMs: 2_000,
  },
  session: session(`${chat}`),
});

test('messages that are accepted together take a few statements and waits for the network, however many they are', async () => {
  const store = await openStore();
  const accept = (count: number, use: (index: number) => { key: string; bodyHash: string } | undefined) =>
    Promise.allSettled(
      Array.from({ length: count }, (_, index) => {
        const id = `m${(made += 1)}`;
        const named = use(index);
        return store.writeItem(acceptMessages, { ...acceptance(made % 20, id), use: named && { scope: 'message', ...named } });
      }),
    );
  let made = 0;
  // Sessions that are there already, and keys.
  await accept(10, (index) => ({ key: `old ${index}`, bodyHash: 'same' }));
  const writer = watchWriter();
  for (const count of [50, 150]) {
    await accept(count, () => undefined);
    // Begin, sessions, messages, outbox and its parts at once; commit.
    expect(writer.take()).toEqual({ statements: 6, waits: 2 });
  }
  // New keys, some of them twice, old ones, and some that were used for something else.
  const outcomes = await accept(50, (index) => ({
    key: index % 5 === 0 ? `old ${index / 5}` : `new ${index % 40}`,
    bodyHash: index % 10 === 0 ? 'other' : 'same',
  }));
  expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(5);
  expect(writer.take()).toEqual({ statements: 7, waits: 3 });
});
