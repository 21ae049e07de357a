/** The header of every view: its title, its tabs and its actions, the most important one last. */
import type { ComponentChildren } from 'preact';
import './page-header.css';

interface PageHeaderProps {
  readonly title: string;
  /** Beside the title: a state, a count. */
  readonly note?: ComponentChildren;
  readonly tabs?: ComponentChildren;
  /** Buttons and search fields. */
  readonly children?: ComponentChildren;
}

export function PageHeader({ title, note, tabs, children }: PageHeaderProps) {
  return (
    <header class={tabs === undefined ? 'page-header' : 'page-header tabbed'}>
      <div class="page-title">
        <h1>{title}</h1>
        {note}
      </div>
      {children !== undefined && <div class="page-actions">{children}</div>}
      {tabs}
    </header>
  );
}
