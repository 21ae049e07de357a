import { expect, test } from 'vitest';
import { fenced, quoteLines } from '../../../shared/channels/markdown.js';

test('nothing in a text ends its code block, however much it contains', () => {
  expect(fenced('a')).toBe('```\na\n```');
  expect(fenced('```\n`````x')).toBe('``````\n```\n`````x\n``````');
  expect(fenced('` '.repeat(500_000)).startsWith('```\n` ` ')).toBe(true);
});

test('no line of a text can end its quotation', () => {
  expect(quoteLines('a\nb\r\nc\rd\u2028e\u2029f\n')).toBe('> a\n> b\n> c\n> d\n> e\n> f\n> ');
});
