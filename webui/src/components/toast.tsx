/** Short notices at the lower edge, some with a way back. They stay while the pointer or the focus is on them. */
import { signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { t } from '../shell/text.js';
import { Button, IconButton } from './button.js';

export interface Toast {
  readonly text: string;
  readonly kind?: 'note' | 'error';
  readonly action?: { readonly label: string; readonly run: () => void };
  /** Default 4 s, 10 s with an action. */
  readonly durationMs?: number;
}

interface ShownToast extends Toast {
  readonly id: number;
}

const MAX_SHOWN = 4;

const shown = signal<readonly ShownToast[]>([]);
const lastId = signal(0);

/** A notice without a text is none. @returns what takes it away */
export function showToast(toast: Toast): () => void {
  if (toast.text === '') return () => undefined;
  const id = (lastId.value = lastId.peek() + 1);
  shown.value = [...shown.peek(), { ...toast, id }].slice(-MAX_SHOWN);
  return () => dismiss(id);
}

/** What every deletion shows: done, and for 10 s a way back. @returns what takes it away */
export function showUndo(text: string, undo: () => void): () => void {
  return showToast({ text, action: { label: t('undo'), run: undo } });
}

function dismiss(id: number): void {
  shown.value = shown.peek().filter((toast) => toast.id !== id);
}

function ToastItem({ toast }: { toast: ShownToast }) {
  const [isHeld, setHeld] = useState(false);
  const { durationMs = toast.action === undefined ? 4_000 : 10_000 } = toast;
  useEffect(() => {
    if (isHeld) return undefined;
    const timer = setTimeout(() => dismiss(toast.id), durationMs);
    return () => clearTimeout(timer);
  }, [isHeld, durationMs, toast.id]);
  const hold = (): void => setHeld(true);
  const letGo = (): void => setHeld(false);
  const { action } = toast;
  const runAction = (): void => {
    dismiss(toast.id);
    action?.run();
  };
  return (
    <div class={`toast ${toast.kind ?? 'note'}`} onMouseEnter={hold} onMouseLeave={letGo} onFocusIn={hold} onFocusOut={letGo}>
      <span>{toast.text}</span>
      {action !== undefined && (
        <Button kind="quiet" onClick={runAction}>
          {action.label}
        </Button>
      )}
      <IconButton icon="close" label={t('dismiss')} onClick={() => dismiss(toast.id)} />
    </div>
  );
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite" aria-label={t('notices')}>
      {shown.value.map((toast) => (
        <ToastItem key={toast.id} toast={toast} />
      ))}
    </div>
  );
}
