import { expect, test } from 'vitest';
import { snippetOf } from '../../../../daemon/worker/sessions/snippet.js';

/** The snippet with its highlights in brackets. */
function marked(text: string, needle: string): string {
  const { snippet, highlights } = snippetOf(text, needle);
  return highlights
    .toReversed()
    .reduce((line, { start, end }) => `${line.slice(0, start)}[${line.slice(start, end)}]${line.slice(end)}`, snippet);
}

test.each([
  ['a Needle in the grass', 'needle', 'a [Needle] in the grass'],
  ['one, ONE\n\n  and one', 'one', '[one], [ONE] and [one]'],
  ['zwei ÄPFEL, ein Äpfelchen', 'äpfel', 'zwei [ÄPFEL], ein [Äpfel]chen'],
  ['これは日本語です', '日本語', 'これは[日本語]です'],
  ['🌍🌍🌍 around', '🌍 around', '🌍🌍[🌍 around]'],
  ['İstanbul ve çay', 'ÇAY', 'İstanbul ve [çay]'],
  ['# A *bold* [harbour](https://a.example/x)\n- `code` of snake_case', 'bold harbour', 'A [bold harbour] code of snake_case'],
  ['the mark **bold** itself', '**bold', 'the mark [**bold]** itself'],
  ['50%_of\\it? (a|b) [x] {1}', '? (a|b) [x]', '50%_of\\it[? (a|b) [x]] {1}'],
  ['two\n  words', 'two words', '[two words]'],
  ['only the index knows', 'elsewhere', 'only the index knows'],
])('%j is shown for a search for %s', (text, needle, expected) => {
  expect(marked(text, needle)).toBe(expected);
});

test.each([
  ['words', `${'before '.repeat(100)}needle${' after'.repeat(100)}`, /^…(before ){8}\[needle\]( after){20,22}…$/],
  ['a script without spaces', `${'前'.repeat(500)}needle${'後'.repeat(500)}`, /^…前{60}\[needle\]後{132}…$/],
  ['characters of two units', `${'🌍'.repeat(500)}needle${'🌍'.repeat(500)}`, /^…🌍{30}\[needle\]🌍{66}…$/u],
  ['one long word', `x${'🌍'.repeat(500)}needle`, /^…🌍{29,30}\[needle\]$/u],
])('of %s, at most 200 characters are shown, and none is divided', (_of, text, expected) => {
  expect(marked(text, 'needle')).toMatch(expected);
  expect(snippetOf(text, 'needle').snippet.length).toBeLessThanOrEqual(200);
});

test('of a search text that fills the snippet, what fits is shown', () => {
  const needle = 'n'.repeat(200);
  const { snippet } = snippetOf(`${'b '.repeat(100)}${needle} after`, needle);
  expect(snippet.length).toBeLessThanOrEqual(200);
  expect(snippet).toMatch(/n{100,}…$/);
});
