/** A button that opens a menu. Arrow keys, Home, End and the first letter move; Escape closes and gives the focus back. */
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Button, IconButton } from './button.js';
import { Icon, type IconName } from './icon.js';

export interface MenuItem {
  readonly label: string;
  readonly icon?: IconName;
  readonly kind?: 'danger';
  /** For one of several choices: whether it is the one in force. */
  readonly isChecked?: boolean;
  readonly run: () => void;
}

export interface MenuProps {
  readonly label: string;
  readonly icon?: IconName;
  /** The button's words; without them it is the icon alone. */
  readonly text?: string;
  readonly items: readonly MenuItem[];
  /** Which edge of the button the menu keeps to. Default `end`. */
  readonly align?: 'start' | 'end';
  readonly opens?: 'up' | 'down';
}

function move(list: HTMLElement, key: string): boolean {
  const items = [...list.querySelectorAll<HTMLElement>('[role^=menuitem]')];
  const at = items.indexOf(document.activeElement as HTMLElement);
  const byLetter = items.findIndex((item, index) => index > at && item.textContent?.trim().toLowerCase().startsWith(key.toLowerCase()));
  const to: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 };
  const next = key.length === 1 ? byLetter : to[key];
  if (next === undefined || (key.length === 1 && next < 0)) return false;
  items.at(next % items.length)?.focus();
  return true;
}

interface ItemsProps {
  readonly label: string;
  readonly items: readonly MenuItem[];
  readonly place: string;
  readonly onChoose: (item: MenuItem) => void;
}

function Items({ label, items, place, onChoose }: ItemsProps) {
  return (
    <div class={`menu-list ${place}`} role="menu" aria-label={label}>
      {items.map((item) => (
        <button
          key={item.label}
          class={item.kind}
          type="button"
          role={item.isChecked === undefined ? 'menuitem' : 'menuitemradio'}
          aria-checked={item.isChecked}
          tabIndex={-1}
          onClick={() => onChoose(item)}
        >
          {item.icon !== undefined && <Icon name={item.icon} size={16} />}
          <span>{item.label}</span>
          {item.isChecked === true && <Icon name="check" size={16} />}
        </button>
      ))}
    </div>
  );
}

export function Menu({ label, icon = 'more', text, items, align = 'end', opens = 'down' }: MenuProps) {
  const [isOpen, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const close = (): void => {
    setOpen(false);
    root.current?.querySelector<HTMLElement>('button')?.focus();
  };
  // Before it is painted: the next key is for the menu.
  useLayoutEffect(() => {
    if (!isOpen) return undefined;
    root.current?.querySelector<HTMLElement>('[role^=menuitem]')?.focus();
    const onOutside = (event: Event): void => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener('pointerdown', onOutside);
    return () => document.removeEventListener('pointerdown', onOutside);
  }, [isOpen]);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (!isOpen) return;
    const list = root.current?.querySelector<HTMLElement>('[role=menu]');
    if (event.key === 'Escape' || event.key === 'Tab') {
      if (event.key === 'Escape') event.preventDefault();
      close();
    } else if (list !== null && list !== undefined && move(list, event.key)) event.preventDefault();
    event.stopPropagation();
  };
  const toggle = (): void => setOpen(!isOpen);
  const choose = (item: MenuItem): void => {
    close();
    item.run();
  };
  return (
    <div class="menu" ref={root} onKeyDown={onKeyDown} data-open={isOpen}>
      {text === undefined ? (
        <IconButton icon={icon} label={label} opensMenu={{ isOpen }} onClick={toggle} />
      ) : (
        <Button kind="quiet" label={label} opensMenu={{ isOpen }} onClick={toggle}>
          {text}
          <Icon name="down" size={14} />
        </Button>
      )}
      {isOpen && <Items label={label} items={items} place={`${align} ${opens}`} onChoose={choose} />}
    </div>
  );
}
