/** A modal dialog of the browser: it traps the focus, restores it, and closes with Escape. */
import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { t } from '../../shell/text.js';
import { IconButton } from '../button/button.js';
import { Toasts } from '../toast/toast.js';
import './dialog.css';

export interface DialogProps {
  readonly title: string;
  /** Without it, the dialog cannot be closed. */
  readonly onClose?: () => void;
  /** `narrow` for a question, `wide` for a form; `side` for the details of something in a list; `screen` hides the page. */
  readonly size?: 'narrow' | 'wide' | 'side' | 'screen';
  /** Above the title. */
  readonly mark?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** Whether a press is outside the dialog: its backdrop and its scrollbar are the same element. */
function isOutside({ clientX: x, clientY: y }: MouseEvent, dialog: HTMLElement): boolean {
  const { left, right, top, bottom } = dialog.getBoundingClientRect();
  return x < left || x >= right || y < top || y >= bottom;
}

export function Dialog({ title, onClose, size = 'narrow', mark, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  // Before the paint, so that the next key goes to the dialog.
  useLayoutEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    // Removing it from the document would not restore the focus.
    return () => dialog?.close();
  }, []);
  const closeOnBackdrop = (event: MouseEvent): void => {
    const dialog = element.current;
    if (dialog !== null && event.target === dialog && isOutside(event, dialog)) onClose?.();
  };
  const onCancel = (event: Event): void => {
    event.preventDefault();
    onClose?.();
  };
  return (
    <dialog
      class={`dialog ${size}`}
      ref={element}
      aria-labelledby={titleId}
      // A second Escape would close it without asking `onCancel`.
      closedby={onClose === undefined ? 'none' : 'closerequest'}
      onCancel={onCancel}
      onMouseDown={closeOnBackdrop}
    >
      <div class="dialog-body">
        {mark}
        <header>
          <h2 id={titleId}>{title}</h2>
          {onClose !== undefined && <IconButton icon="close" label={t('close')} onClick={onClose} />}
        </header>
        {children}
      </div>
      <Toasts />
    </dialog>
  );
}

/** The row of buttons at a dialog's end. */
export function DialogActions({ children }: { children: ComponentChildren }) {
  return <footer class="dialog-actions">{children}</footer>;
}
