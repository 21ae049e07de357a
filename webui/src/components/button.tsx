/** Buttons: one with words, one with an icon alone whose words are its label. */
import type { ComponentChildren } from 'preact';
import { Icon, type IconName } from './icon.js';

interface Common {
  readonly onClick?: () => void;
  readonly disabled?: boolean;
  readonly type?: 'button' | 'submit';
  /** `plain` is the default. */
  readonly kind?: 'plain' | 'primary' | 'danger' | 'quiet';
  /** It opens a menu, which is open or not. */
  readonly opensMenu?: { readonly isOpen: boolean };
}

function menuState(menu: Common['opensMenu']) {
  return menu === undefined ? {} : { 'aria-haspopup': 'menu' as const, 'aria-expanded': menu.isOpen };
}

export function Button(props: Common & { icon?: IconName; isBusy?: boolean; label?: string; children: ComponentChildren }) {
  const { kind = 'plain', type = 'button', icon, isBusy = false, label, opensMenu, disabled = false, onClick, children } = props;
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
      {icon !== undefined && <Icon name={icon} size={16} />}
      {children}
    </button>
  );
}

export function IconButton(props: Common & { icon: IconName; label: string; isPressed?: boolean }) {
  const { kind = 'quiet', type = 'button', icon, label, isPressed, opensMenu, disabled = false, onClick } = props;
  return (
    <button
      class={`button icon-only ${kind}`}
      type={type}
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
