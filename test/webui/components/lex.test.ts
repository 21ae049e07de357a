import { lexer } from 'marked';
import { expect, test } from 'vitest';
import { type Lexed, lexGrown } from '../../../webui/src/components/markdown/lex.js';

const whole = (text: string) => [...lexer(text, { gfm: true, breaks: true })];

const TEXT = `# Title

Some **bold** words
that go on.

1. one

2. two
   - three

     more of three

10. four

Under
===

> quoted

> again

| a | b |
|---|---|
| 1 | 2 |

\`\`\`ts
const a = 1;

# no title
\`\`\`

    indented

    code

<p>no element</p>

[named][later] and ![picture](x.png)

- [ ] to do
- [x] done

---

`;

const TEXTS = [
  TEXT,
  '[named][later] is a link\n\nonce its address\n\nhas come:\n\n[later]: https://example.org\n\nwords\n\nwords',
  'lines\r\n\r\nof another\r\n\r\nsystem\r\n\r\nend',
];

test.each(TEXTS)('a text that grows has at each letter the blocks that it has when it is read at once: %#', (text) => {
  let lexed: Lexed | undefined;
  for (let end = 1; end <= text.length; end += 1) {
    lexed = lexGrown(text.slice(0, end), lexed);
    expect([...lexed.tokens], JSON.stringify(lexed.text.slice(-40))).toEqual(whole(lexed.text));
  }
});

test('what is finished is not read again; another text is', () => {
  const before = lexGrown('one\n\ntwo\n\nthree', undefined);
  const after = lexGrown('one\n\ntwo\n\nthree\n\nfour', before);
  expect(after.tokens[0]).toBe(before.tokens[0]);
  expect(after.tokens).toHaveLength(7);
  expect([...lexGrown('another', after).tokens]).toEqual(whole('another'));
});

/** How deep tokens are nested, items of a list counted. */
function depthOf(tokens: readonly unknown[]): number {
  const inside = (tokens as { items?: unknown[]; tokens?: unknown[] }[]).map((token) => token.items ?? token.tokens ?? []);
  return inside.length === 0 ? 0 : 1 + Math.max(...inside.map(depthOf));
}

test.each([
  ['lists', '- '.repeat(5_000)],
  ['lists by indentation', Array.from({ length: 200 }, (_value, depth) => `${'  '.repeat(depth)}- x\n`).join('')],
  ['numbered lists in quotations', '> 1. '.repeat(5_000)],
  ['quotations', '>'.repeat(5_000)],
  ['emphasis', `${'*a **b '.repeat(70)}${'c** d* '.repeat(70)}`],
  ['struck text', `${'~a ~~b '.repeat(70)}${'c~~ d~ '.repeat(70)}`],
])('%s nested without end are tokens of a limited depth, and no text is lost', (_name, marks) => {
  const text = `${marks}end`;
  const { tokens } = lexGrown(text, undefined);
  expect(depthOf(tokens)).toBeGreaterThan(10);
  expect(depthOf(tokens)).toBeLessThan(50);
  expect(tokens.map(({ raw }) => raw).join('')).toBe(text);
});

test('as deep as people nest, nothing is different', () => {
  const text = `${'> '.repeat(8)}${'- '.repeat(8)}***~~a *b* **c _d_**~~***`;
  expect([...lexGrown(text, undefined).tokens]).toEqual(whole(text));
});

test('in a block with hundreds of marks they stay text, in the next one they do not', () => {
  const { tokens } = lexGrown(`${'*a **b '.repeat(400)}${'c** d* '.repeat(200)}\n\n**bold**`, undefined);
  expect(depthOf(tokens.slice(0, 1))).toBe(2);
  expect(tokens.slice(2)).toEqual(whole('**bold**'));
});
