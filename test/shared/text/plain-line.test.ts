import { expect, test } from 'vitest';
import { plainLine } from '../../../shared/text/plain-line.js';

test.each([
  ['  two\n\n words\u0007 ', 'two words'],
  ['## A title\n\n- one\n* two\n3. three\n> said', 'A title one two three said'],
  ['```ts\nconst a = b * c;\n```', 'const a = b * c;'],
  ['**bold**, *slanted*, __strong__, ~~gone~~ and `code`', 'bold, slanted, strong, gone and code'],
  ['a [link](https://a.example/x "title") and ![a picture](/api/files/x.png)', 'a link and a picture'],
  ['snake_case, __init__.py, 2 * 3, C#, a > b, -5 and 1.5', 'snake_case, init.py, 2 * 3, C#, a > b, -5 and 1.5'],
  ['これは**日本語**です', 'これは日本語です'],
  ['', ''],
])('%j is %s in one line', (text, expected) => {
  expect(plainLine(text)).toBe(expected);
});

test.each(['[', '*', '- ', '](', '[](a "', '`', ' x'])(
  'a text of a hundred thousand times %j takes little time',
  { timeout: 5_000 },
  (part) => {
    expect(plainLine(part.repeat(100_000)).length).toBeLessThan(700_000);
  },
);
