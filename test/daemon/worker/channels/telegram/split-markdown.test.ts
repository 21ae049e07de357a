import fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitMarkdown } from '../../../../../daemon/worker/channels/telegram/split-markdown.js';
import { cpuMs } from '../../../../helpers/cpu-time.js';

const LIMIT = 4_096;
const words = (count: number, word = 'word'): string => Array.from({ length: count }, (_, index) => `${word}${index}`).join(' ');

/** Everything but white space and the lines that only open and close code blocks. */
const substance = (text: string): string => text.replace(/^ {0,12}(`{3,}|~{3,}).*$/gm, '').replace(/\s+/g, '');

function fencesAreClosed(part: string): boolean {
  let marker: string | undefined;
  for (const line of part.split('\n')) {
    const [, fence, info = ''] = /^ {0,12}(`{3,}|~{3,})(.*)$/.exec(line) ?? [];
    if (fence === undefined) continue;
    if (marker === undefined) marker = fence;
    else if (fence.startsWith(marker) && info.trim() === '') marker = undefined;
  }
  return marker === undefined;
}

test('a text that fits comes back as it is, white space and all', () => {
  const text = `  ${'x'.repeat(LIMIT - 4)} \n`;
  expect(splitMarkdown(text, LIMIT)).toEqual([text]);
  expect(splitMarkdown(' \n ', LIMIT)).toEqual([]);
});

test('a long text is split between paragraphs', () => {
  const paragraphs = Array.from({ length: 6 }, (_, index) => words(200, `p${index}-`));
  const parts = splitMarkdown(paragraphs.join('\n\n'), LIMIT);
  expect(parts.join('\n\n')).toBe(paragraphs.join('\n\n'));
  for (const part of parts) expect(paragraphs.some((paragraph) => part.endsWith(paragraph))).toBe(true);
});

test('a long paragraph is split between lines, a long line between words', () => {
  const lines = Array.from({ length: 300 }, (_, index) => `line ${index} of the list`);
  expect(splitMarkdown(lines.join('\n'), LIMIT).join('\n')).toBe(lines.join('\n'));
  const line = words(2_000);
  expect(splitMarkdown(line, LIMIT).join(' ')).toBe(line);
});

test('a code block that is split is closed, and opened again with its language', () => {
  const code = Array.from({ length: 600 }, (_, index) => `const x${index} = ${index};`).join('\n');
  const parts = splitMarkdown(`Before\n\n\`\`\`ts\n${code}\n\`\`\`\n\nAfter`, LIMIT);
  expect(parts.length).toBeGreaterThan(2);
  for (const part of parts.slice(1)) expect(part).toMatch(/^```ts\n/);
  for (const part of parts) expect(fencesAreClosed(part)).toBe(true);
  expect(parts.at(-1)).toMatch(/After$/);
});

test('a code block that fits into the next part is not split', () => {
  const code = `\`\`\`\n${'code\n'.repeat(300)}\`\`\``;
  const parts = splitMarkdown(`${words(500)}\n${code}`, LIMIT);
  expect(parts).toEqual([words(500), code]);
});

test('links, bold text and inline code are not split', () => {
  const spans = ['[a label of words](https://example.com/path)', '**bold words here**', '`code with spaces`', '*two words*'];
  const line = Array.from({ length: 400 }, (_, index) => spans[index % spans.length]).join(' and ');
  for (const part of splitMarkdown(line, 300)) {
    expect(part.split('`').length % 2).toBe(1);
    expect(part.split('**').length % 2).toBe(1);
    expect(part.split('[').length).toBe(part.split('](https://example.com/path)').length);
  }
});

test('no character is split, not even one of several code points', () => {
  const family = '\u{1F468}\u200D\u{1F469}\u200D\u{1F467}';
  const scotland = '\u{1F3F4}\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}';
  for (const character of ['\u{1F600}', 'e\u0301', '\u{1F44D}\u{1F3FD}', family, scotland, '1\uFE0F\u20E3', '\u1112\u1161\u11AB']) {
    const parts = splitMarkdown(character.repeat(2_000), LIMIT);
    expect(parts.join('')).toBe(character.repeat(2_000));
    for (const part of parts) expect(part.length % character.length).toBe(0);
  }
});

test('a character that is longer than a part should hold is split between its code points', () => {
  const parts = splitMarkdown(`e${'\u{1D165}'.repeat(2_000)}`, 257);
  for (const part of parts) expect(part).not.toMatch(/\p{Surrogate}/u);
});

test('no flag is split into its letters', () => {
  for (const before of ['', 'x', 'xx', 'xxx']) {
    const line = `${before}${'\u{1F1E9}\u{1F1EA} '.repeat(40)}${'\u{1F1E9}\u{1F1EA}'.repeat(60)}`;
    for (const part of splitMarkdown(line, 256)) expect(part.replaceAll('\u{1F1E9}\u{1F1EA}', '')).not.toMatch(/\p{Regional_Indicator}/u);
  }
});

test.each(['~', '`'])('a line of thousands of %s opens no code block, which each part would have to repeat', (marker) => {
  for (const length of [200, 2_000, 4_000, 4_096, 9_000]) {
    const parts = splitMarkdown(`${marker.repeat(length)}\n${'x'.repeat(9_000)}`, 4_096);
    expect(parts.length).toBeLessThanOrEqual(6);
    expect(Math.max(...parts.map((part) => part.length))).toBeLessThanOrEqual(4_096);
  }
});

const piece = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.constantFrom('\n', '\n\n', '```js\n', '```\n', '~~~\n', '**', '`', '[a](https://b.c)', ' ', '# head\n', '- item\n', '\u{1F600}'),
  fc.string({ unit: 'binary', maxLength: 30 }),
);

test('for any text, each part fits, nothing is lost, and every code block is closed', () => {
  const text = fc.array(piece, { maxLength: 300 }).map((pieces) => pieces.join(''));
  const isSound = fc.property(text, fc.integer({ min: 256, max: 600 }), (source, limit) => {
    const parts = splitMarkdown(source, limit);
    expect(parts.filter((part) => part.length > limit || part.trim() === '')).toEqual([]);
    expect(substance(parts.join('\n'))).toHaveLength(substance(source).length);
    expect(parts.slice(0, -1).filter((part) => !fencesAreClosed(part))).toEqual([]);
  });
  fc.assert(isSound, { numRuns: 500 });
});

test('a megabyte of the worst text is split in seconds, not in the hours of a quadratic algorithm', () => {
  for (const text of ['a '.repeat(500_000), '['.repeat(1_000_000), '*a '.repeat(333_000), '`'.repeat(1_000_000), '```\n'.repeat(250_000)]) {
    const split = (): void => expect(splitMarkdown(text, LIMIT).length).toBeGreaterThan(200);
    expect(cpuMs(split)).toBeLessThan(10_000);
  }
});
