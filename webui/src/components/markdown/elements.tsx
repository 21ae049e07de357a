/**
 * Markdown as elements. The text is untrusted: it never becomes HTML, so no script runs, and nothing is loaded. HTML in it is shown as
 * text, pictures are links, and links lead to the web or to mail only.
 */
import type { MarkedToken, Token, Tokens } from 'marked';
import type { ComponentChild, ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { t } from '../../shell/text.js';
import { Icon } from '../icon/icon.js';
import { Code } from './code.js';

const REFERENCE = /&(?:#x?[\da-f]+|[a-z][a-z\d]*);/gi;

/** Decodes character references such as `&copy;`. A parsed document runs and loads nothing. */
function decode(text: string): string {
  return text.replace(
    REFERENCE,
    (reference) => new DOMParser().parseFromString(`<p>${reference}`, 'text/html').body.textContent ?? reference,
  );
}

const SAFE = /^(?:https?:|mailto:)/i;

function Link({ href, children }: { href: string; children: ComponentChildren }) {
  const address = decode(href);
  if (!SAFE.test(address)) return <>{children}</>;
  return (
    <a href={address} rel="noopener noreferrer" target="_blank">
      {children}
    </a>
  );
}

const showAll = (tokens: readonly Token[]): ComponentChild[] => tokens.map((token) => show(token as MarkedToken));

function Cell({ cell: { header, align, tokens } }: { cell: Tokens.TableCell }) {
  const Tag = header ? 'th' : 'td';
  return <Tag {...(align === null ? {} : { align })}>{showAll(tokens)}</Tag>;
}

function Row({ cells }: { cells: readonly Tokens.TableCell[] }) {
  return (
    <tr>
      {cells.map((cell, index) => (
        <Cell key={index} cell={cell} />
      ))}
    </tr>
  );
}

function Table({ table: { header, rows } }: { table: Tokens.Table }) {
  const box = useRef<HTMLDivElement>(null);
  const [isWide, setWide] = useState(false);
  useLayoutEffect(() => {
    const { current } = box;
    if (current === null) return undefined;
    const observer = new ResizeObserver(() => setWide(current.scrollWidth > current.clientWidth));
    observer.observe(current);
    return () => observer.disconnect();
  }, []);
  return (
    <div class="table-scroll scrolled" ref={box} {...(isWide ? { tabIndex: 0, role: 'region', 'aria-label': t('table') } : {})}>
      <table>
        <thead>
          <Row cells={header} />
        </thead>
        {rows.length > 0 && (
          <tbody>
            {rows.map((cells, index) => (
              <Row key={index} cells={cells} />
            ))}
          </tbody>
        )}
      </table>
    </div>
  );
}

function List({ list: { ordered, start, items } }: { list: Tokens.List }) {
  const shown = items.map(({ tokens }, index) => <li key={index}>{showAll(tokens)}</li>);
  return ordered ? <ol {...(start === '' || start === 1 ? {} : { start })}>{shown}</ol> : <ul>{shown}</ul>;
}

/** Names the box of a task after its text. */
const nameTask = (box: HTMLElement | null): void => box?.setAttribute('aria-label', box.closest('li')?.textContent?.trim() ?? '');

/** Returns a token of marked's lexer as an element, with what it contains. */
export function show(token: MarkedToken): ComponentChild {
  switch (token.type) {
    case 'paragraph':
      return <p>{showAll(token.tokens)}</p>;
    case 'heading': {
      const Tag = `h${token.depth}` as 'h1';
      return <Tag>{showAll(token.tokens)}</Tag>;
    }
    case 'code':
      return <Code language={token.lang} text={token.text} />;
    case 'list':
      return <List list={token} />;
    case 'table':
      return <Table table={token} />;
    case 'blockquote':
      return <blockquote>{showAll(token.tokens)}</blockquote>;
    case 'hr':
      return <hr />;
    case 'strong':
      return <strong>{showAll(token.tokens)}</strong>;
    case 'em':
      return <em>{showAll(token.tokens)}</em>;
    case 'del':
      return <del>{showAll(token.tokens)}</del>;
    case 'codespan':
      return <code>{token.text}</code>;
    case 'br':
      return <br />;
    case 'checkbox':
      return [<input type="checkbox" checked={token.checked} disabled ref={nameTask} />, ' '];
    case 'link':
      return <Link href={token.href}>{token.autolink === true ? token.text : showAll(token.tokens)}</Link>;
    case 'image':
      return (
        <Link href={token.href}>
          <Icon name="image" />
          {decode(token.text === '' ? token.href : token.text)}
        </Link>
      );
    case 'html':
      return /^<br *\/?>$/i.test(token.text.trim()) ? <br /> : token.text;
    case 'text':
      return token.tokens === undefined ? decode(token.text) : showAll(token.tokens);
    case 'escape':
      // The delimiters of formulas, which are shown verbatim.
      return /[()[\]]/.test(token.text) ? token.raw : token.text;
    default:
      // Blank lines, and the addresses of links, which the lexer has filled in.
      return null;
  }
}
