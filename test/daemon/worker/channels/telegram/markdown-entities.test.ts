import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { renderMarkdown } from '../../../../../daemon/worker/channels/telegram/markdown-entities.js';
import { cpuMs } from '../../../../helpers/cpu-time.js';

/** The rendered text with its entities written into it: `<bold>…</bold>`. */
function show(source: string): string {
  const { text, entities } = renderMarkdown(source);
  const tags = entities.flatMap(({ type, offset, length, url, language }, index) => [
    { at: offset, order: index, tag: `<${[type, url, language].filter((part) => part !== undefined).join(' ')}>` },
    { at: offset + length, order: -index - 1, tag: `</${type}>` },
  ]);
  let shown = text;
  for (const { at, tag } of tags.toSorted((a, b) => b.at - a.at || b.order - a.order)) shown = shown.slice(0, at) + tag + shown.slice(at);
  return shown;
}

describe('Markdown as Telegram shows it', () => {
  test.each([
    ['plain text, with_underscores and 2 * 3 * 4', 'plain text, with_underscores and 2 * 3 * 4'],
    ['**bold** and __bold__', '<bold>bold</bold> and <bold>bold</bold>'],
    ['*italic* and _italic_', '<italic>italic</italic> and <italic>italic</italic>'],
    ['~~gone~~', '<strikethrough>gone</strikethrough>'],
    ['`code *as it is*`', '<code>code *as it is*</code>'],
    ['``a ` b``', '<code>a ` b</code>'],
    ['**bold with `code` and *italic***', '<bold>bold with <code>code</code> and <italic>italic</italic></bold>'],
    ['[label](https://example.com/a?b=c)', '<text_link https://example.com/a?b=c>label</text_link>'],
    ['[**bold**](https://x.y)', '<text_link https://x.y><bold>bold</bold></text_link>'],
    ['![chart](https://x.y/c.png) so!', '<text_link https://x.y/c.png>chart</text_link> so!'],
    ['![no](data:x) [!](y)', '![no](data:x) [!](y)'],
    ['[no](javascript:alert(1))', '[no](javascript:alert(1))'],
    ['[1] not a link', '[1] not a link'],
    ['# Title #', '<bold>Title</bold>'],
    ['## With `code`', '<bold>With <code>code</code></bold>'],
    ['- one\n  * two\n+ three', '• one\n  • two\n• three'],
    ['> quoted\n> **lines**\nnot', '<blockquote>quoted\n<bold>lines</bold></blockquote>\nnot'],
    ['```ts\nconst a = **b**;\n```\nafter', '<pre ts>const a = **b**;</pre>\nafter'],
    ['1. Run:\n    ```sh\n    ls\n      -l\n   x\n    ```\n2. Done', '1. Run:\n<pre sh>ls\n  -l\nx</pre>\n2. Done'],
    ['[b](https://en.wikipedia.org/wiki/A_(b)) and)', '<text_link https://en.wikipedia.org/wiki/A_(b)>b</text_link> and)'],
    ['```\nnever closed', '<pre>never closed</pre>'],
    ['| a | b |\n|---|---|\n| 1 | 2 |', '<pre>| a | b |\n|---|---|\n| 1 | 2 |</pre>'],
    ['\\*not italic\\* and \\`not code\\`', '*not italic* and `not code`'],
    ['**never closed', '**never closed'],
    ['a ** b ** c', 'a ** b ** c'],
    ['snake_case_name and a__b__c', 'snake_case_name and a__b__c'],
    ['<b>&amp;</b>', '<b>&amp;</b>'],
    ['\u{1F600}**\u{1F600}**', '\u{1F600}<bold>\u{1F600}</bold>'],
    ['**注意：**请看', '<bold>注意：</bold>请看'],
    ['***both*** and **_mixed_**', '<italic><bold>both</bold></italic> and <bold><italic>mixed</italic></bold>'],
    ['**a `**` b**', '<bold>a <code>**</code> b</bold>'],
    ['[a `]` b](https://x.y)', '<text_link https://x.y>a <code>]</code> b</text_link>'],
    [
      '[t](https://x.y "title") <https://a.b/_c_> https://a.b/_c_',
      '<text_link https://x.y>t</text_link> <https://a.b/_c_> https://a.b/_c_',
    ],
    ['<code> does not **switch** it off', '<code> does not <bold>switch</bold> it off'],
    ['about ~5 or ~6~', 'about ~5 or ~6~'],
    ['', ''],
  ])('%j', (source, expected) => {
    expect(show(source)).toBe(expected);
  });

  test('is never longer than its source, and its entities lie within it', () => {
    const piece = fc.oneof(
      fc.string({ maxLength: 20 }),
      fc.constantFrom('**', '*', '_', '__', '`', '```\n', '~~', '[a](https://b.c)', '> ', '# ', '\n', '- ', '|x|\n'),
    );
    const isSound = fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const source = pieces.join('');
      const { text, entities } = renderMarkdown(source);
      const areWithin = entities.every(({ offset, length }) => length > 0 && offset >= 0 && offset + length <= text.length);
      expect({ isLonger: text.length > source.length, areWithin }).toEqual({ isLonger: false, areWithin: true });
    });
    fc.assert(isSound, { numRuns: 500 });
  });

  test('of the longest part takes little time, however hostile', () => {
    const units = ['[', '*', '*a ', '_a', '**a', '`', '`a', '[a](', '![a](', '~~a ', '> ', '1. ', '\\', '|\n', '<', '&', '*_**__~~a'];
    const nested = ['*', '**', '_', '~~a ', '**a *b '].map((unit) => `${unit.repeat(2_048 / unit.length)}x`);
    const sources = [
      ...units.map((unit) => unit.repeat(4_096 / unit.length)),
      ...nested.map((half) => half + half.split('').toReversed().join('')),
    ];
    for (const source of sources) {
      const render = (): void => expect(renderMarkdown(source).text.length).toBeLessThanOrEqual(source.length);
      expect(cpuMs(render)).toBeLessThan(2_000);
    }
  });
});
