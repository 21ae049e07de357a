/** A text area with line numbers; lines with problems are marked. */
import type { RefObject } from 'preact';
import { useRef } from 'preact/hooks';

interface CodeAreaProps {
  readonly area: RefObject<HTMLTextAreaElement | null>;
  readonly label: string;
  readonly text: string;
  /** Counted from 1. */
  readonly wrongLines: ReadonlySet<number>;
  readonly onInput: (text: string) => void;
  readonly onKeyDown: (event: KeyboardEvent) => void;
}

const ROWS = { least: 14, most: 32 } as const;

export function CodeArea({ area, label, text, wrongLines, onInput, onKeyDown }: CodeAreaProps) {
  const numbers = useRef<HTMLDivElement>(null);
  const count = text.split('\n').length;
  // The line numbers scroll along. They are not part of the text for screen readers and copying.
  const onScroll = ({ currentTarget }: { currentTarget: HTMLTextAreaElement }): void => {
    if (numbers.current !== null) numbers.current.style.transform = `translateY(${-currentTarget.scrollTop}px)`;
  };
  return (
    <div class="code-area">
      <div class="code code-lines" aria-hidden="true" style={{ minWidth: `${String(count).length + 2}ch` }}>
        <div ref={numbers}>
          {Array.from({ length: count }, (_, index) => (
            <span key={index} class={wrongLines.has(index + 1) ? 'wrong' : undefined}>
              {index + 1}
            </span>
          ))}
        </div>
      </div>
      <textarea
        ref={area}
        class="code config-text"
        aria-label={label}
        aria-invalid={wrongLines.size > 0}
        spellcheck={false}
        value={text}
        rows={Math.min(ROWS.most, Math.max(ROWS.least, count + 1))}
        onInput={(event) => onInput(event.currentTarget.value)}
        onKeyDown={onKeyDown}
        onScroll={onScroll}
      />
    </div>
  );
}
