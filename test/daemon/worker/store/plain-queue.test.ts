import { expect, test } from 'vitest';
import { type FeedTarget, type PlainPending, PlainQueue } from '../../../../daemon/worker/store/plain-queue.js';
import type { ThreadWrite } from '../../../../daemon/worker/store/writer-thread.js';

const text = { names: ['id'], statements: [] };
const write = { run: async () => undefined, text: () => text };

interface Given {
  readonly ids: unknown[];
  readonly answer: (isDone: boolean) => void;
  readonly refuse: (error: Error) => void;
}

/** A queue and a thread that answers when it is told to. */
function setUp() {
  const queue = new PlainQueue();
  const given: Given[] = [];
  const told: string[] = [];
  const commit = (writes: readonly ThreadWrite[]): Promise<boolean> =>
    new Promise((answer, refuse) => given.push({ ids: writes.map(({ values }) => values[0]), answer, refuse }));
  const target = { thread: { commit }, mayGoOn: async () => true } as unknown as FeedTarget;
  const add = (...ids: string[]): void => {
    for (const id of ids) {
      const tell = (how: string) => () => void told.push(`${id} ${how}`);
      queue.add({ write, parameters: { id }, resolve: tell('stored'), reject: tell('refused') } as unknown as PlainPending);
    }
  };
  return { queue, given, told, target, add };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const numbered = (count: number, name: string): string[] => Array.from({ length: count }, (_, index) => `${name}${index}`);

test('what comes while the thread writes goes after it before it has answered, in order, and each is told for itself', async () => {
  const { queue, given, told, target, add } = setUp();
  add('a', 'b');
  const fed = queue.feed(target);
  expect(given.map(({ ids }) => ids)).toEqual([['a', 'b']]);
  // Enough for a batch of its own: at once. Fewer: at the end of the turn.
  add(...numbered(12, 'x'));
  await Promise.resolve();
  await turn();
  add('y');
  await turn();
  await turn();
  expect(given.map(({ ids }) => ids)).toEqual([['a', 'b'], numbered(12, 'x'), ['y']]);
  given[0]?.answer(true);
  await turn();
  expect(told).toEqual(['a stored', 'b stored']);
  given[1]?.answer(true);
  given[2]?.answer(true);
  expect(await fed).toEqual([]);
  expect(told).toHaveLength(15);
});

test('the thread never has more than four batches, nor a batch more than 200 writes or much more than a megabyte of text', async () => {
  const { queue, given, target, add } = setUp();
  add(...numbered(250, 'n'), 'x'.repeat(1_100_000), 'y'.repeat(1_100_000));
  const fed = queue.feed(target);
  for (let round = 0; round < 10; round += 1) {
    add(...numbered(20, `r${round}-`));
    await turn();
  }
  expect(given.map(({ ids }) => ids.length).slice(0, 3)).toEqual([200, 51, 1]);
  expect(given).toHaveLength(4);
  for (let answered = 0; answered < given.length; answered += 1) {
    given[answered]?.answer(true);
    await turn();
  }
  expect(await fed).toEqual([]);
  expect(given.flatMap(({ ids }) => ids)).toHaveLength(252 + 200);
});

test('what the thread has not done, and what broke a rule, is given back in its order; a fault of the disk is told to the writers', async () => {
  const { queue, given, told, target, add } = setUp();
  add('a');
  const fed = queue.feed(target);
  add(...numbered(12, 'b'));
  await turn();
  add(...numbered(12, 'c'));
  await turn();
  given[0]?.refuse(Object.assign(new Error('disk full'), { rawCode: 13 }));
  given[1]?.refuse(Object.assign(new Error('UNIQUE constraint failed'), { rawCode: 2067 }));
  given[2]?.answer(false);
  const left = await fed;
  expect(left.map(({ parameters }) => parameters['id'])).toEqual([...numbered(12, 'b'), ...numbered(12, 'c')]);
  expect(told).toEqual(['a refused']);
});

test('it stops when something else is to be written, once the thread has answered; what waits stays', async () => {
  const { queue, given, target, add } = setUp();
  add('a');
  let mayGoOn = true;
  const fed = queue.feed({ ...target, mayGoOn: async () => mayGoOn });
  mayGoOn = false;
  add(...numbered(12, 'b'));
  await turn();
  let hasEnded = false;
  void fed.then(() => (hasEnded = true));
  await turn();
  expect(hasEnded).toBe(false);
  given[0]?.answer(true);
  expect(await fed).toEqual([]);
  expect(given).toHaveLength(1);
  expect(queue.length).toBe(12);
});
