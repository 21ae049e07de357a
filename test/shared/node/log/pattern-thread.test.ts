import { expect, onTestFinished, test } from 'vitest';
import { PatternThread } from '../../../../shared/node/log/pattern-thread.js';

function start(limitMs?: number): PatternThread {
  const thread = new PatternThread(limitMs === undefined ? {} : { limitMs });
  onTestFinished(() => thread.close());
  return thread;
}

test('it says which lines match, and their parts, in the message as it is read and else in the whole line', async () => {
  const lines = [
    JSON.stringify({ level: 'info', msg: 'said "hello" to Bob', status: 404 }),
    JSON.stringify({ level: 'warn', msg: 'two\nlines' }),
    'no JSON at all: 404',
    '{"msg":"broken \\u00',
  ];
  expect(await start().match('"hello"', lines)).toEqual([['"hello"'], null, null, null]);
  expect(await start().match('^SAID .* bob$', lines)).toEqual([['said "hello" to Bob'], null, null, null]);
  expect(await start().match('40\\d', lines)).toEqual([['404'], null, ['404'], null]);
  expect(await start().match('two\\s', lines)).toEqual([null, ['two\n'], null, null]);
  expect(await start().match('x*', lines)).toEqual([[], [], [], []]);
});

test('parts are few and short, each once', async () => {
  const [many, long] = await start().match('[a-z]+', ['a b c d e f g h i j a', 'z'.repeat(5_000)]);
  expect(many).toHaveLength(8);
  expect(long?.map((part) => part.length)).toEqual([200]);
});

test('a pattern that backtracks without end is refused in time, other work goes on meanwhile, and the next pattern works', async () => {
  const thread = start(300);
  let turns = 0;
  const counting = setInterval(() => (turns += 1), 5);
  const bad = thread.match('^(a+)+$', [`${'a'.repeat(60)}!`]);
  const next = thread.match('a', ['abc', 'xyz']);
  await expect(bad).rejects.toMatchObject({ code: 'INVALID_REQUEST', message: expect.stringContaining('takes too long') as string });
  expect(turns).toBeGreaterThan(3);
  expect(await next).toEqual([['a'], null]);
  clearInterval(counting);
});

test('a pattern that cannot be run is refused, and the thread is there again for the next', async () => {
  const thread = start();
  await expect(thread.match('(', ['x'])).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
  expect(await thread.match('x', ['x'])).toEqual([['x']]);
  expect(await thread.match('x', [])).toEqual([]);
});
