/** A modal dialog of the browser: it traps the focus, restores it, and closes with Escape. */
import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { isComposing } from '../../browser/is-composing.js';
import { t } from '../../shell/text.js';
import { Button, IconButton } from '../button/button.js';
import { Toasts } from '../toast/toast.js';
import './dialog.css';

export interface DialogProps {
  readonly title: string;
  /** Without it, the dialog cannot be closed. */
  readonly onClose?: () => void;
  /** `narrow` for a question, `wide` for a form; `side` for the details of something in a list; `screen` hides the page. */
  readonly size?: 'narrow' | 'wide' | 'side' | 'screen';
  /** Whether closing would lose input; then only its buttons close it without a question. */
  readonly isForm?: boolean;
  /** Above the title. */
  readonly mark?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** Whether a press is outside the dialog: its backdrop and its scrollbar are the same element. */
function isOutside({ clientX: x, clientY: y }: MouseEvent, dialog: HTMLElement): boolean {
  const { left, right, top, bottom } = dialog.getBoundingClientRect();
  return x < left || x >= right || y < top || y >= bottom;
}

/** Asks before input is lost, and restores the focus. */
function LossQuestion({ onDiscard, onKeep }: { onDiscard: (() => void) | undefined; onKeep: () => void }) {
  const row = useRef<HTMLDivElement>(null);
  const titleId = useId();
  useLayoutEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    row.current?.querySelector('button')?.focus();
    return () => before?.focus();
  }, []);
  return (
    <div class="row dialog-loss" role="alertdialog" aria-labelledby={titleId} ref={row}>
      <strong id={titleId}>{t('discardQuestion')}</strong>
      <Button text={t('keepEditing')} onClick={onKeep} />
      <Button kind="danger" text={t('discard')} onClick={onDiscard} />
    </div>
  );
}

/** @returns a function that closes the dialog at the user's request; after a field of a form was changed, it asks first */
function useClose({ isForm = false, onClose }: DialogProps) {
  const isChanged = useRef(false);
  const [isAsking, setAsking] = useState(false);
  const onInput = (): void => void (isChanged.current = isForm);
  const close = (asks = !isAsking): void => (isChanged.current && onClose !== undefined ? setAsking(asks) : onClose?.());
  return { onInput, close, isAsking, isChanged };
}

export function Dialog(props: DialogProps) {
  const { title, onClose, size = 'narrow', mark, children } = props;
  const { onInput, close, isAsking, isChanged } = useClose(props);
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
    if (dialog !== null && event.target === dialog && isOutside(event, dialog) && !isChanged.current) onClose?.();
  };
  const onCancel = (event: Event): void => {
    event.preventDefault();
    close();
  };
  // A browser lets a page prevent only the first of several requests without a key, such as Android's Back, and closes it at the next.
  const onClosed = (): void => {
    // Removed by the page.
    if (element.current === null) return;
    element.current.showModal();
    close(true);
  };
  // Every key can be prevented.
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape' || event.defaultPrevented || isComposing(event) || !isChanged.current) return;
    event.preventDefault();
    close();
  };
  return (
    <dialog
      class={`dialog ${size}`}
      ref={element}
      aria-labelledby={titleId}
      // A second Escape would close it without asking `onCancel`.
      closedby={onClose === undefined ? 'none' : 'closerequest'}
      onCancel={onCancel}
      onClose={onClosed}
      onInput={onInput}
      onKeyDown={onKeyDown}
      onMouseDown={closeOnBackdrop}
    >
      <div class="dialog-body">
        {mark}
        <header>
          <h2 id={titleId}>{title}</h2>
          {onClose !== undefined && <IconButton icon="close" label={t('close')} onClick={onClose} />}
        </header>
        {children}
        {isAsking && <LossQuestion onDiscard={onClose} onKeep={() => close(false)} />}
      </div>
      <Toasts />
    </dialog>
  );
}

/** The row of buttons at a dialog's end. */
export function DialogActions({ children }: { children: ComponentChildren }) {
  return <footer class="dialog-actions">{children}</footer>;
}
