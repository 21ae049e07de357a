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
