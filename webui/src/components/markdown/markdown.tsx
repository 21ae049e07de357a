/** A Markdown text. What renders it is loaded beside the page: until it is there, the text is shown as it is written. */
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Blocks as BlocksComponent } from './blocks.js';
import './markdown.css';

const blocks = signal<typeof BlocksComponent | undefined>(undefined);

/** Called by a view that will show Markdown, so that it is loaded together with the view's data. */
export function loadMarkdown(): void {
  if (blocks.peek() !== undefined) return;
  import('./blocks.js').then(
    ({ Blocks }) => {
      blocks.value = Blocks;
    },
    // Without a connection the text stays as it is written, until the next one is shown.
    () => undefined,
  );
}

/** @param props.isGrowing  more of the text is to come */
export function Markdown({ text, isGrowing = false }: { text: string; isGrowing?: boolean }) {
  useEffect(loadMarkdown, []);
  const Blocks = blocks.value;
  return Blocks === undefined ? <p class="markdown unread">{text}</p> : <Blocks {...{ text, isGrowing }} />;
}
