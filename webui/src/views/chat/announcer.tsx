/** Tells a screen reader what is being said: sentence by sentence, because words one by one cannot be followed. */
import { useEffect, useState } from 'preact/hooks';

/** @returns how much of the text is whole sentences, or whole lines */
export function sentenceEnd(text: string): number {
  let end = 0;
  for (const match of text.matchAll(/[.!?。！？…:]["'”’)\]]*(?=\s)|[。！？]|\n/g)) end = match.index + match[0].length;
  return end;
}

export function Announcer({ text }: { text: string | undefined }) {
  const [said, setSaid] = useState({ length: 0, words: '' });
  useEffect(() => {
    if (text === undefined) {
      setSaid({ length: 0, words: '' });
      return;
    }
    const end = sentenceEnd(text);
    if (end > said.length) setSaid({ length: end, words: text.slice(said.length, end).replace(/[*_`#>|]/g, '') });
  }, [text]);
  return (
    <p class="off-screen" aria-live="polite">
      {said.words}
    </p>
  );
}
