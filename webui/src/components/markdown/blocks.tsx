/** The blocks of a Markdown text. Each is rendered once: while an answer grows, only its last block changes. */
import type { MarkedToken } from 'marked';
import { useMemo, useRef } from 'preact/hooks';
import { show } from './elements.js';
import { type Lexed, lexGrown } from './lex.js';

function Block({ token }: { token: MarkedToken }) {
  return useMemo(() => <div dir="auto">{show(token)}</div>, [token.raw]);
}

export function Blocks({ text }: { text: string }) {
  const lexed = useRef<Lexed>(undefined);
  lexed.current = useMemo(() => lexGrown(text, lexed.current), [text]);
  const tokens = lexed.current.tokens.filter(({ type }) => type !== 'space');
  return (
    <div class="markdown">
      {tokens.map((token, index) => (
        <Block key={index} token={token as MarkedToken} />
      ))}
    </div>
  );
}
