/** Text with the matches of a search marked. */
import type { ComponentChildren } from 'preact';

const MAX_MARKS = 40;
const LETTER = /[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\d_]/u;

/** Returns where a needle is; a single letter only as a separate word, because it is in nearly every word. */
function indexOf(text: string, needle: string, from: number): number {
  let at = text.indexOf(needle, from);
  if (needle.length > 1 || !LETTER.test(needle)) return at;
  while (at >= 0 && (LETTER.test(text.charAt(at - 1)) || LETTER.test(text.charAt(at + 1)))) at = text.indexOf(needle, at + 1);
  return at;
}

/** Returns the first match at or after `from`; the longest if several start there. */
function firstOf(text: string, needles: readonly string[], from: number): { at: number; length: number } | undefined {
  let best: { at: number; length: number } | undefined;
  for (const needle of needles) {
    const at = needle === '' ? -1 : indexOf(text, needle, from);
    if (at < 0) continue;
    if (best === undefined || at < best.at || (at === best.at && needle.length > best.length)) best = { at, length: needle.length };
  }
  return best;
}

export function Marked({ text, needles }: { text: string; needles: readonly string[] }) {
  const lower = text.toLowerCase();
  // Letters whose lower case is longer would shift the positions.
  if (needles.length === 0 || lower.length !== text.length) return <>{text}</>;
  const wanted = needles.map((needle) => needle.toLowerCase());
  const parts: ComponentChildren[] = [];
  let from = 0;
  while (parts.length < MAX_MARKS * 2) {
    const found = firstOf(lower, wanted, from);
    if (found === undefined) break;
    parts.push(text.slice(from, found.at), <mark key={found.at}>{text.slice(found.at, found.at + found.length)}</mark>);
    from = found.at + found.length;
  }
  return (
    <>
      {parts}
      {text.slice(from)}
    </>
  );
}
