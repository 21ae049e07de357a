/** Named facts about one thing, one per line, or key figures side by side. */
import type { ComponentChildren } from 'preact';
import './facts.css';

export function Facts({ isAcross = false, children }: { isAcross?: boolean; children: ComponentChildren }) {
  return <dl class={isAcross ? 'facts across' : 'facts'}>{children}</dl>;
}

export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
