/**
 * A button that opens a menu. Arrow keys, Home, End and the first letter move; Escape closes and restores the focus. The
 * menu is above everything and inside the window, wherever its button scrolls.
 */
import { Fragment, type RefObject } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Button, IconButton } from '../button/button.js';
import { Icon, type IconName } from '../icon/icon.js';
import './menu.css';

export interface MenuItem {
  readonly label: string;
  readonly icon?: IconName;
  readonly kind?: 'danger';
  /** Whether a line separates it from the item above. */
  readonly startsGroup?: boolean;
  /** For one of several choices: whether it is the current one. */
  readonly isChecked?: boolean;
  readonly run: () => void;
}

interface MenuProps {
  readonly label: string;
  readonly icon?: IconName;
  /** The button's words; without them it is the icon alone. */
  readonly text?: string;
  readonly items: readonly MenuItem[];
  /** Which edge of the button the menu keeps to. Default `end`. */
  readonly align?: 'start' | 'end';
  /** The preferred side. Default `down`. */
  readonly opens?: 'up' | 'down';
}

type Side = Required<Pick<MenuProps, 'align' | 'opens'>>;

/** Between the menu and its button. */
const GAP_PX = 4;
/** Between the menu and the edge of the window. */
const EDGE_PX = 8;

/** Places the menu beside its button: on the preferred side, or on the one with more room. */
function place(list: HTMLElement, button: HTMLElement, { align, opens }: Side): void {
  const anchor = button.getBoundingClientRect();
  const above = anchor.top - GAP_PX - EDGE_PX;
  const below = window.innerHeight - anchor.bottom - GAP_PX - EDGE_PX;
  const [wanted, other] = opens === 'up' ? [above, below] : [below, above];
  const goesUp = (opens === 'up') === (wanted >= list.scrollHeight || wanted >= other);
  list.style.maxHeight = `${Math.max(80, goesUp ? above : below)}px`;
  const left = align === 'start' ? anchor.left : anchor.right - list.offsetWidth;
  list.style.left = `${Math.max(EDGE_PX, Math.min(left, window.innerWidth - list.offsetWidth - EDGE_PX))}px`;
  list.style.top = goesUp ? `${anchor.top - GAP_PX - list.offsetHeight}px` : `${anchor.bottom + GAP_PX}px`;
}

/** Keeps the menu in place while the page below scrolls. */
function usePlace(root: RefObject<HTMLElement | null>, isOpen: boolean, { align, opens }: Side): void {
  useLayoutEffect(() => {
    const list = root.current?.querySelector<HTMLElement>('[role=menu]');
    const button = root.current?.querySelector<HTMLElement>('button');
    if (!isOpen || !list || !button) return undefined;
    // Browsers without popovers show it in place, where other elements may cover it.
    list.showPopover?.();
    const keep = (event?: Event): void => {
      if (event?.target !== list) place(list, button, { align, opens });
    };
    keep();
    window.addEventListener('resize', keep);
    document.addEventListener('scroll', keep, true);
    return () => {
      window.removeEventListener('resize', keep);
      document.removeEventListener('scroll', keep, true);
    };
  }, [isOpen, align, opens]);
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

function Items({ label, items, onChoose }: { label: string; items: readonly MenuItem[]; onChoose: (item: MenuItem) => void }) {
  return (
    <div class="menu-list" role="menu" popover="manual" aria-label={label}>
      {items.map((item) => (
        <Fragment key={item.label}>
          {item.startsGroup === true && <hr />}
          <button
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
        </Fragment>
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
  usePlace(root, isOpen, { align, opens });
  // Before the paint, so that the next key goes to the menu.
  useLayoutEffect(() => {
    if (!isOpen) return undefined;
    root.current?.querySelector<HTMLElement>('[role^=menuitem]')?.focus({ preventScroll: true });
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
          <span class="menu-text">{text}</span>
          <Icon name="down" size={14} />
        </Button>
      )}
      {isOpen && <Items label={label} items={items} onChoose={choose} />}
    </div>
  );
}
