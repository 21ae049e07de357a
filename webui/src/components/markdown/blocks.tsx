/**
 * The blocks of a Markdown text, which is untrusted: no script runs, and nothing is loaded. Pictures become links. Each
 * block is rendered once: while an answer grows, only its last block changes.
 */
import DOMPurify from 'dompurify';
import { Marked, type Token, type Tokens } from 'marked';
import { memo } from 'preact/compat';
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { t } from '../../shell/text.js';
import { copyText } from '../../browser/copy.js';

/** Escapes text for an attribute or an element; the sanitiser drops whatever this misses. */
const quote = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

const marked = new Marked({
  gfm: true,
  breaks: true,
  renderer: {
    image: ({ href, text }) => `<a href="${quote(href)}">🖼 ${quote(text === '' ? href : text)}</a>`,
    // HTML tags are shown as text.
    html: ({ text }) => (/^<br *\/?>$/i.test(text.trim()) ? '<br>' : quote(text)),
  },
});

const TAGS = 'p br hr em strong del code pre blockquote a ul ol li h1 h2 h3 h4 h5 h6 table thead tbody tr th td input';

const ALLOWED = {
  ALLOWED_TAGS: TAGS.split(' '),
  ALLOWED_ATTR: ['href', 'class', 'start', 'align', 'type', 'checked', 'disabled'],
  ALLOWED_URI_REGEXP: /^(?:https?:|mailto:)/i,
  // The rule for addresses must not remove the other attributes.
  ADD_URI_SAFE_ATTR: ['start', 'align', 'type', 'checked', 'disabled'],
};

/** Completes the sanitised nodes: links open in a new tab, code gets a frame. */
function finish(fragment: DocumentFragment): void {
  for (const link of fragment.querySelectorAll('a')) {
    link.rel = 'noopener noreferrer';
    link.target = '_blank';
  }
  for (const box of fragment.querySelectorAll('input')) {
    if (box.type !== 'checkbox') box.remove();
    box.disabled = true;
  }
  for (const element of fragment.querySelectorAll('[class]')) {
    const language = /^language-[\w+#.-]{1,30}$/.exec(element.className)?.[0];
    if (language === undefined) element.removeAttribute('class');
  }
  for (const block of fragment.querySelectorAll('pre')) frameCode(block);
}

function codeButton(action: 'copy' | 'wrap'): HTMLButtonElement {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'button quiet';
  button.dataset[action] = '';
  button.textContent = t(action);
  return button;
}

/** Adds the name of the language, a button that wraps long lines, and one that copies. */
function frameCode(block: HTMLPreElement): void {
  const code = block.querySelector('code');
  const frame = document.createElement('div');
  const head = document.createElement('div');
  const name = document.createElement('span');
  const wrap = codeButton('wrap');
  wrap.setAttribute('aria-pressed', 'false');
  frame.className = 'code-frame';
  head.className = 'code-head';
  name.textContent = code?.className.replace('language-', '') ?? '';
  head.append(name, wrap, codeButton('copy'));
  block.replaceWith(frame);
  block.tabIndex = 0;
  frame.append(head, block);
}

function render(token: Token): DocumentFragment {
  const fragment = DOMPurify.sanitize(marked.parser([token]), { ...ALLOWED, RETURN_DOM_FRAGMENT: true });
  finish(fragment);
  return fragment;
}

interface BlockProps {
  readonly token: Token;
  readonly isGrowing: boolean;
}

const isSame = (before: BlockProps, after: BlockProps): boolean =>
  before.token.raw === after.token.raw && before.isGrowing === after.isGrowing;

const Prose = memo(function Prose({ token, isGrowing }: BlockProps) {
  const element = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    element.current?.replaceChildren(render(token));
  }, [token.raw]);
  // Code in lists and quotes, once it is complete: it is rendered again with each change.
  useEffect(() => {
    if (isGrowing) return;
    for (const code of element.current?.querySelectorAll<HTMLElement>('code[class]') ?? []) void colour(code);
  }, [token.raw, isGrowing]);
  return <div ref={element} dir="auto" />;
}, isSame);

async function colour(code: HTMLElement): Promise<void> {
  const { highlight } = await import('./highlight.js');
  highlight(code);
}

/** Growing code is coloured again at this interval, longer code less often. Text that arrives in between is plain until then. */
const COLOUR_MS = 300;
const CHARACTERS_PER_MS = 20;

/** A block of code. Its frame is made once; while it grows, text is appended to what is coloured already. */
const Code = memo(function Code({ token, isGrowing }: { token: Tokens.Code; isGrowing: boolean }) {
  const element = useRef<HTMLDivElement>(null);
  const shown = useRef('');
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const { lang, text } = token;
  useLayoutEffect(() => {
    element.current?.replaceChildren(render(token));
    // The renderer ends it with a line break, after which nothing could be appended.
    element.current?.querySelector('code')?.replaceChildren(text);
    shown.current = text;
  }, [lang]);
  useLayoutEffect(() => {
    const code = element.current?.querySelector('code');
    const before = shown.current;
    shown.current = text;
    if (text === before || code === null || code === undefined) return;
    if (text.startsWith(before)) code.append(text.slice(before.length));
    else code.textContent = text;
  }, [text]);
  useEffect(() => {
    if (timer.current !== undefined) return;
    const colourAll = (): void => {
      timer.current = undefined;
      const code = element.current?.querySelector<HTMLElement>('code[class]');
      if (code) void colour(code);
    };
    timer.current = setTimeout(colourAll, isGrowing ? Math.max(COLOUR_MS, text.length / CHARACTERS_PER_MS) : 0);
  }, [lang, text, isGrowing]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return <div ref={element} dir="auto" />;
}, isSame);

function onCodeButton({ target }: MouseEvent): void {
  if (!(target instanceof HTMLElement)) return;
  const frame = target.closest('.code-frame');
  if (target.dataset['copy'] !== undefined) void copyText(frame?.querySelector('pre')?.textContent ?? '');
  if (target.dataset['wrap'] !== undefined) target.setAttribute('aria-pressed', String(frame?.classList.toggle('wraps') === true));
}

export function Blocks({ text, isGrowing }: { text: string; isGrowing: boolean }) {
  const tokens = useMemo(() => marked.lexer(text).filter(({ type }) => type !== 'space'), [text]);
  return (
    <div class="markdown" onClick={onCodeButton}>
      {tokens.map((token, index) => {
        const isLast = isGrowing && index === tokens.length - 1;
        return token.type === 'code' ? (
          <Code key={index} token={token as Tokens.Code} isGrowing={isLast} />
        ) : (
          <Prose key={index} token={token} isGrowing={isLast} />
        );
      })}
    </div>
  );
}
