/** Buttons, and links that look like them: with text, or with only an icon and the text as its label. */
import type { ComponentChildren } from 'preact';
import { Icon, type IconName } from '../icon/icon.js';
import './button.css';

interface Common {
  readonly onClick?: (() => void) | undefined;
  readonly disabled?: boolean;
  /** `plain` is the default. */
  readonly kind?: 'plain' | 'primary' | 'danger' | 'quiet';
  /** For a button that opens a menu: whether the menu is open. */
  readonly opensMenu?: { readonly isOpen: boolean };
}

interface ButtonProps extends Common {
  /** Renders a link. */
  readonly href?: string;
  readonly type?: 'button' | 'submit';
  readonly icon?: IconName;
  readonly isBusy?: boolean;
  readonly label?: string;
  readonly text?: string | undefined;
  /** What the button acts on, for screen readers: several buttons of a view have the same text. */
  readonly about?: string;
  readonly children?: ComponentChildren;
}

function menuState(menu: Common['opensMenu']) {
  return menu === undefined ? {} : { 'aria-haspopup': 'menu' as const, 'aria-expanded': menu.isOpen };
}

export function Button(props: ButtonProps) {
  const {
    kind = 'plain',
    type = 'button',
    icon,
    isBusy = false,
    label,
    text,
    about,
    opensMenu,
    disabled = false,
    onClick,
    href,
    children,
  } = props;
  const content = (
    <>
      {icon !== undefined && <Icon name={icon} size={16} />}
      {text}
      {about !== undefined && <span class="off-screen"> {about}</span>}
      {children}
    </>
  );
  if (href !== undefined) {
    return (
      <a class={`button ${kind}`} href={href}>
        {content}
      </a>
    );
  }
  return (
    <button
      class={`button ${kind}`}
      type={type}
      disabled={disabled || isBusy}
      aria-busy={isBusy}
      title={label}
      aria-label={label}
      {...menuState(opensMenu)}
      onClick={onClick}
    >
      {content}
    </button>
  );
}

export function IconButton(props: Common & { icon: IconName; label: string; isPressed?: boolean }) {
  const { kind = 'quiet', icon, label, isPressed, opensMenu, disabled = false, onClick } = props;
  return (
    <button
      class={`button icon-only ${kind}`}
      type="button"
      disabled={disabled}
      aria-label={label}
      aria-pressed={isPressed}
      {...menuState(opensMenu)}
      title={label}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}
