/**
 * A Markdown text. The renderer is loaded separately: until then, the text is shown verbatim, which has a different height. A view
 * that shows texts from its start waits for {@link isMarkdownSettled}.
 */
import { useEffect } from 'preact/hooks';
import { late } from '../../browser/late.js';
import './markdown.css';

const blocks = late(async () => (await import('./blocks.js')).Blocks);

/** Called by a view that will show Markdown, so that it is loaded together with the view's data. */
export function loadMarkdown(): void {
  void blocks.load();
}

/** Whether texts are shown in their final form from now on. */
export const isMarkdownSettled = blocks.isSettled;

export function Markdown({ text }: { text: string }) {
  useEffect(loadMarkdown, []);
  const Blocks = blocks.component.value;
  return Blocks === undefined ? <p class="markdown unread">{text}</p> : <Blocks text={text} />;
}
