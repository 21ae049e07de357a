/** A key figure: its name, its value and its meaning; a link if something explains it. */
import type { ComponentChildren } from 'preact';
import './stat.css';

interface StatProps {
  readonly name: string;
  readonly value: ComponentChildren;
  readonly note?: ComponentChildren;
  readonly href?: string;
}

export function Stat({ name, value, note, href }: StatProps) {
  const content = (
    <>
      <span class="stat-name">{name}</span>
      <span class="stat-value number">{value}</span>
      {note !== undefined && <span class="stat-note">{note}</span>}
    </>
  );
  return href === undefined ? (
    <div class="stat">{content}</div>
  ) : (
    <a class="stat" href={href}>
      {content}
    </a>
  );
}

/** Tiles beside each other, as many as there is room for. */
export function Stats({ children }: { children: ComponentChildren }) {
  return <div class="stats">{children}</div>;
}
