import fc from 'fast-check';
import { expect, test } from 'vitest';
import { composeTelegram, MAX_TEXT_UNITS, type MessagePayload } from '../../daemon/worker/channels/telegram/compose.js';
import { renderMarkdown, type TextEntity } from '../../daemon/worker/channels/telegram/markdown-entities.js';
import { splitMarkdown } from '../../daemon/worker/channels/telegram/split-markdown.js';
import { htmlToText, pageText } from '../../daemon/worker/tools/fetch/page-text.js';
import { GatewayError } from '../../shared/errors.js';
import { escapeHtml } from '../../shared/text/html.js';
import { fuzz } from './fuzz.js';

const MARKS = [
  '\n', '\n\n', '\n\n\n', ' ', '```js\n', '```\n', '~~~\n', '**', '*', '_', '__', '~~', 'x`y`z', '[a](https://b.c)', '![p](tg://x?y=1)', '# head\n', '- item\n',
  '> quote\n', '|a|b|\n', '\r\n', '\t', '\\*', '<b>', '&amp;', '\u{1F600}', '\u{1F1E9}\u{1F1EA}', '👩‍👩‍👧‍👦', 'e\u0301', '\u200D', '\uFE0F', '漢字', '\u2028', '\u00a0',
]; // prettier-ignore
const words = fc.lorem({ maxCount: 60 });
const anything = fc.oneof(fc.constantFrom(...MARKS), fc.string({ maxLength: 30 }), fc.string({ unit: 'binary', maxLength: 20 }), words);
const longRun = fc
  .tuple(fc.constantFrom(...MARKS, 'a', 'ab '), fc.integer({ min: 1, max: 2_000 }))
  .map(([mark, count]) => mark.repeat(count));
const markdown = fc
  .array(fc.oneof({ weight: 20, arbitrary: anything }, { weight: 1, arbitrary: longRun }), { maxLength: 120 })
  .map((pieces) => pieces.join('').toWellFormed());

/** Without white space, and without what opens and closes code blocks again. */
const substance = (text: string): string => text.replaceAll(/[\s`~js]/g, '');

test('the parts of a text give all of it again, none is too long, and no character is split', () =>
  fuzz(300, () =>
    fc.property(markdown, fc.integer({ min: 256, max: 1_000 }), (source, limit) => {
      const parts = splitMarkdown(source, limit);
      expect(parts.filter((part) => part.length > limit || part.trim() === '' || !part.isWellFormed())).toEqual([]);
      // A line that opens a code block may be repeated, with the first 64 characters after its marker.
      if (!/^ {0,12}(```|~~~)[^\n]*[^\sjs][^\n]*$/m.test(source)) expect(substance(parts.join(''))).toBe(substance(source));
    }),
  ));

function isNested(entities: readonly TextEntity[]): boolean {
  const open: number[] = [];
  for (const { offset, length } of entities) {
    while (open.length > 0 && (open.at(-1) ?? 0) <= offset) open.pop();
    if (open.length > 0 && offset + length > (open.at(-1) ?? 0)) return false;
    open.push(offset + length);
  }
  return true;
}

test('a rendered text is not longer than its source, and its entities are nested and split no character', () =>
  fuzz(300, () =>
    fc.property(markdown, (whole) => {
      const [source = ''] = splitMarkdown(whole, MAX_TEXT_UNITS);
      const { text, entities } = renderMarkdown(source);
      expect(text.length).toBeLessThanOrEqual(source.length);
      expect(text.isWellFormed()).toBe(true);
      for (const { offset, length } of entities) {
        expect(length).toBeGreaterThan(0);
        expect(offset + length).toBeLessThanOrEqual(text.length);
        expect(text.slice(offset, offset + length).isWellFormed()).toBe(true);
      }
      expect(isNested(entities), JSON.stringify(entities)).toBe(true);
    }),
  ));

test('every message for Telegram keeps its limits', () =>
  fuzz(200, () =>
    fc.property(markdown, fc.constantFrom('1', '-100123', '-100123:7', '@name', '999999999999999'), (content, chatId) => {
      let bodies: string[];
      try {
        bodies = composeTelegram({ id: 'msg_1', accountId: 'main', nowMs: 0, chatId, content });
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error;
        expect(error.message).toMatch(/no visible text|too long/);
        return;
      }
      expect(bodies.length).toBeLessThanOrEqual(50);
      for (const body of bodies) {
        const { text, entities = [] } = (JSON.parse(body) as { payload: MessagePayload }).payload;
        expect(text.length).toBeLessThanOrEqual(MAX_TEXT_UNITS);
        expect(text.trim()).not.toBe('');
        expect(text.isWellFormed()).toBe(true);
        expect(entities.length).toBeLessThanOrEqual(100);
      }
    }),
  ));

const TAGS = [
  '<p>', '</p>', '<br>', '<!--', '-->', '<script>', '</script>', '<STYLE>', '</style>', '<title>', '</title>', '<head>', '</head>', '<', '>', '<a href="x>y">', '<İ>',
  '&amp;', '&lt;script&gt;', '&#0;', '&#xD800;', '&#xDC00;', '&#x110000;', '&#128512;', '&#9999999;', '&constructor;', '&__proto__;', '&nbsp;', '&', ';', '\n', ' ',
  '<meta charset=utf-16>', '<meta charset="x-user-defined">', '</', '<//', '<svg', '<template><template></template>',
]; // prettier-ignore
const html = fc.array(fc.oneof(fc.constantFrom(...TAGS), fc.string({ maxLength: 20 }), fc.string({ unit: 'binary', maxLength: 10 })), {
  maxLength: 60,
});

test('the text of any page is text', () =>
  fuzz(300, () =>
    fc.property(
      html,
      fc.constantFrom('text/html', 'text/html; charset=utf-16le', 'text/html; charset=nonsense', 'application/json', 'image/png'),
      (pieces, contentType) => {
        const source = pieces.join('').toWellFormed();
        const text = htmlToText(source);
        expect(text.isWellFormed()).toBe(true);
        expect(text.length).toBeLessThanOrEqual(source.length * 2 + 2);
        expect(pageText({ bytes: Buffer.from(source), contentType })?.isWellFormed()).not.toBe(false);
        // What has been escaped is read as it was written.
        const written = source.replaceAll(/\s+/g, ' ').trim();
        expect(htmlToText(`<p>${escapeHtml(written)}</p>`.replaceAll('&#39;', "'"))).toBe(written);
      },
    ),
  ));
