import { describe, expect, test } from 'vitest';
import { createLineMatcher, type LineMatch } from '../../../../shared/node/log/line-matcher.js';

const match = (pattern: string, lines: readonly string[]): Promise<LineMatch[]> => createLineMatcher(pattern).match(lines);

test('it says which lines match, and their parts, in the message as it is read and else in the whole line', async () => {
  const lines = [
    JSON.stringify({ level: 'info', msg: 'said "hello" to Bob', status: 404 }),
    JSON.stringify({ level: 'warn', msg: 'two\nlines' }),
    'no JSON at all: 404',
    '{"msg":"broken \\u00',
  ];
  expect(await match('"hello"', lines)).toEqual([['"hello"'], null, null, null]);
  expect(await match('^SAID .* bob$', lines)).toEqual([['said "hello" to Bob'], null, null, null]);
  expect(await match('40\\d', lines)).toEqual([['404'], null, ['404'], null]);
  expect(await match('two\\s', lines)).toEqual([null, ['two\n'], null, null]);
  expect(await match('x*', lines)).toEqual([[], [], [], []]);
});

test('parts are few and short, each once', async () => {
  const [many, long] = await match('[a-z]+', ['a b c d e f g h i j a', 'z'.repeat(5_000)]);
  expect(many).toHaveLength(8);
  expect(long?.map((part) => part.length)).toEqual([200]);
});

test('a pattern that makes others backtrack without end takes linear time', async () => {
  expect(await match('^(a+)+$', [`${'a'.repeat(60_000)}!`, 'a'.repeat(60_000)])).toEqual([null, ['a'.repeat(200)]]);
});

test('other work goes on while many lines are looked at', async () => {
  let turns = 0;
  const counting = setInterval(() => (turns += 1), 1);
  await match('(x+x+)+y|zz', Array<string>(200).fill('x'.repeat(30_000)));
  clearInterval(counting);
  expect(turns).toBeGreaterThan(1);
});

test('a simple search does not wait for a slow one that began before it', async () => {
  const ended: string[] = [];
  const lines = Array<string>(200).fill('x'.repeat(10_000));
  await Promise.all([match('(x+x+)+y|zz', lines).then(() => ended.push('slow')), match('zz', ['zz']).then(() => ended.push('simple'))]);
  expect(ended).toEqual(['simple', 'slow']);
});

test('less of a long line is looked at with a pattern that takes many steps for each character', async () => {
  const line = `${'x'.repeat(60_000)}end`;
  expect(await match('end$', [line])).toEqual([['end']]);
  const many = '(a|b|c|x){1,500}end$';
  expect(await match(many, [`${'x'.repeat(400)}end`, line])).toEqual([['x'.repeat(200)], null]);
});

describe('what is a pattern', () => {
  test.each(['', 'a|b', '^error', '\\d+ ms$', '[^"]+', '(?<name>x)', 'a{2,1', '\\-', '\\/', '\\u00e9', '\\(?=x'])('%j', (pattern) => {
    expect(() => createLineMatcher(pattern)).not.toThrow();
  });

  test.each([
    ['a(b', 'missing closing )', 2],
    ['a(b)c(d', 'missing closing )', 6],
    ['ab**c', 'invalid nested repetition operator', 4],
    ['x)y', 'unexpected )', 2],
    ['[a-', 'missing closing ]', 1],
    ['a\\', 'trailing backslash at end of expression', 2],
    ['a{2,1}', 'invalid repeat count', 6],
    ['(?<n>a)(?<n>b)', 'duplicate capture group name', 8],
  ])('not %j: %s at character %i', (pattern, why, column) => {
    let fault: Error | undefined;
    try {
      createLineMatcher(pattern);
    } catch (error) {
      fault = error as Error;
    }
    expect(fault).toMatchObject({ code: 'INVALID_REQUEST', details: { field: 'regex', column } });
    expect(fault?.message).toContain(why);
    expect(fault?.message).toContain(`(character ${column})`);
  });

  test.each([
    ['(?=x)y', 'lookahead or lookbehind'],
    ['(?!x)y', 'lookahead or lookbehind'],
    ['(?<=x)y', 'lookahead or lookbehind'],
    ['(?<!x)y', 'lookahead or lookbehind'],
    ['(a)\\1', 'a backreference'],
    ['(?<n>a)\\k<n>', 'a backreference'],
  ])('not %j: RE2 has no such thing as %s', (pattern, feature) => {
    expect(() => createLineMatcher(pattern)).toThrow(`regex '${pattern}' uses ${feature}, which RE2 patterns do not have`);
  });

  test('not one that is longer than any that a person writes, or that becomes too large', () => {
    expect(() => createLineMatcher('a'.repeat(501))).toThrow(/501 characters; at most 500/);
    expect(() => createLineMatcher('a{999}'.repeat(20))).toThrow(/too large/);
  });
});
