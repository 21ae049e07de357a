/** Links between the parts of a view: the first part of the address after the view says which one is shown. */
import { address, hashOf } from '../../shell/router.js';
import './tabs.css';

interface TabsProps {
  readonly label: string;
  readonly view: string;
  /** The part of the address, undefined for the first tab, and the name. */
  readonly tabs: readonly (readonly [part: string | undefined, name: string])[];
}

export function Tabs({ label, view, tabs }: TabsProps) {
  const [current] = address.value.parts;
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map(([part, name]) => (
        <a key={name} href={hashOf(view, part === undefined ? [] : [part])} aria-current={part === current ? 'page' : undefined}>
          {name}
        </a>
      ))}
    </nav>
  );
}
