/**
 * A Markdown text. The renderer is loaded separately: until then, the text is shown verbatim, which has a different height. A view
 * that shows texts from its start waits for {@link isMarkdownSettled}.
 */
import { Component } from 'preact';
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

interface Props {
  readonly text: string;
}

function Rendered({ text }: Props) {
  useEffect(loadMarkdown, []);
  const Blocks = blocks.component.value;
  return Blocks === undefined ? <p class="markdown unread">{text}</p> : <Blocks text={text} />;
}

/**
 * A text whose rendering fails is shown verbatim: it must not take a conversation or a question with it. It stays so while the text
 * grows, as an answer in progress does; another text is rendered.
 */
export class Markdown extends Component<Props, { failed?: string }> {
  override componentDidCatch(error: unknown): void {
    reportError(error);
    this.setState({ failed: this.props.text });
  }

  override render({ text }: Props, { failed }: { failed?: string }) {
    return failed === undefined || !text.startsWith(failed) ? <Rendered text={text} /> : <p class="markdown unread">{text}</p>;
  }
}
