/** The blocks of a Markdown text. Each is rendered once: while an answer grows, only its last block changes. */
import { lexer, type MarkedToken } from 'marked';
import { useMemo } from 'preact/hooks';
import { show } from './elements.js';

function Block({ token }: { token: MarkedToken }) {
  return useMemo(() => <div dir="auto">{show(token)}</div>, [token.raw]);
}

export function Blocks({ text }: { text: string }) {
  const tokens = useMemo(() => lexer(text, { gfm: true, breaks: true }).filter(({ type }) => type !== 'space'), [text]);
  return (
    <div class="markdown">
      {tokens.map((token, index) => (
        <Block key={index} token={token as MarkedToken} />
      ))}
    </div>
  );
}
