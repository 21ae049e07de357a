/** A state as a dot and text: the colour is never the only sign. */
import type { ComponentChildren } from 'preact';
import './status-dot.css';

/** `off`: not in use; `busy`: in progress. */
export type Tone = 'good' | 'warning' | 'bad' | 'info' | 'busy' | 'off';

export function StatusDot({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return <span class={`status-dot ${tone}`}>{children}</span>;
}

/** The same on a coloured ground, for a word or two. */
export function Badge({ tone = 'off', children }: { tone?: Tone; children: ComponentChildren }) {
  return <span class={`badge ${tone}`}>{children}</span>;
}
