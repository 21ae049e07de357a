/**
 * Short notices at the lower edge, one at a time: errors first, the oldest before the others, then the newest notice. Some have an action.
 * A notice stays while the pointer or the focus is on it.
 */
import { computed, effect, signal } from '@preact/signals';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useCommands } from '../../shell/commands.js';
import { t } from '../../shell/text.js';
import { Button, IconButton } from '../button/button.js';
import { errorText } from '../feedback/error-words.js';
import { Icon } from '../icon/icon.js';
import './toast.css';

interface Toast {
  readonly text: string;
  readonly kind?: 'note' | 'error';
  readonly action?: { readonly label: string; readonly keys?: string; readonly run: () => void };
}

interface ShownToast extends Toast {
  readonly id: number;
  /** How often it was repeated while shown. */
  readonly count: number;
}

/** Errors wait for earlier ones; a notice with an action is shown again after a newer one. */
const MAX_WAITING = 4;

const shown = signal<readonly ShownToast[]>([]);
const lastId = signal(0);

/** Shows a notice; one without a text is not shown. @returns a function that removes it */
export function showToast(toast: Toast): () => void {
  if (toast.text === '') return () => undefined;
  const id = (lastId.value = lastId.peek() + 1);
  const isSame = (other: ShownToast): boolean => other.text === toast.text && other.action === undefined && toast.action === undefined;
  const count = 1 + (shown.peek().find(isSame)?.count ?? 0);
  const others = shown.peek().filter((other) => !isSame(other) && (other.kind === 'error' || other.action !== undefined));
  shown.value = [...others, { ...toast, id, count }].slice(-MAX_WAITING);
  return () => dismiss(id);
}

/** Shows that a change was made, and offers to undo it for 10 s. @returns a function that removes the notice */
export function showUndo(text: string, undo: () => void): () => void {
  return showToast({ text, action: { label: t('undo'), keys: 'mod+z', run: undo } });
}

export function showError(error: unknown): void {
  showToast({ text: errorText(error), kind: 'error' });
}

/** Work that is not to be done twice at the same time, by its name. */
const ongoing = signal<readonly string[]>([]);

/**
 * {@link attempt}s work that must not be repeated, unless it is in progress: a second click on a slow connection does nothing.
 * @param name  the same for the same work
 */
export async function attemptOnce(name: string, work: () => Promise<unknown>): Promise<boolean> {
  if (ongoing.peek().includes(name)) return false;
  ongoing.value = [...ongoing.peek(), name];
  const isDone = await attempt(work);
  ongoing.value = ongoing.peek().filter((other) => other !== name);
  return isDone;
}

/** Does the work and shows its failure as a notice. @returns whether it succeeded */
export async function attempt(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    showError(error);
    return false;
  }
}

function dismiss(id: number): void {
  shown.value = shown.peek().filter((toast) => toast.id !== id);
}

/** The notice that is shown. A later notice never replaces an error. */
const current = computed(() => shown.value.find(({ kind }) => kind === 'error') ?? shown.value.at(-1));
/** Whether the pointer or the focus is on it. */
const isHeld = signal(false);
const hold = (): void => void (isHeld.value = true);
const release = (): void => void (isHeld.value = false);

// Kept outside of the component: each dialog that opens or closes mounts it again, and the time must continue.
effect(() => {
  const toast = current.value;
  if (toast === undefined || isHeld.value) return undefined;
  const timer = setTimeout(() => dismiss(toast.id), toast.action === undefined ? 4_000 : 10_000);
  return () => clearTimeout(timer);
});

/** Gives the focus back to what had it before the notice. */
function useFocusBack() {
  const item = useRef<HTMLDivElement>(null);
  const before = useRef<HTMLElement | null>(null);
  useLayoutEffect(
    () => () => {
      if (item.current?.contains(document.activeElement) !== true) return;
      const target = before.current?.isConnected === true ? before.current : document.getElementById('content');
      target?.focus({ preventScroll: true });
    },
    [],
  );
  const onFocusIn = ({ relatedTarget }: FocusEvent): void => {
    if (item.current?.contains(relatedTarget as Node | null) !== true) before.current = relatedTarget as HTMLElement | null;
  };
  return { item, onFocusIn };
}

function ToastItem({ toast }: { toast: ShownToast }) {
  // An element that is removed gets no `mouseleave`.
  useLayoutEffect(() => release, []);
  const { item, onFocusIn } = useFocusBack();
  const { action } = toast;
  const runAction = (): void => {
    dismiss(toast.id);
    action?.run();
  };
  const focusIn = (event: FocusEvent): void => {
    hold();
    onFocusIn(event);
  };
  const held = { onMouseEnter: hold, onMouseLeave: release, onFocusIn: focusIn, onFocusOut: release };
  useCommands(
    action?.keys === undefined ? [] : [{ id: 'undo', label: action.label, keys: action.keys, whileTyping: false, run: runAction }],
  );
  return (
    <div ref={item} class={`toast ${toast.kind ?? 'note'}`} {...held}>
      <Icon name={toast.kind === 'error' ? 'error' : 'ok'} />
      <span>{toast.text}</span>
      {toast.count > 1 && <span class="count number">×{toast.count}</span>}
      {action !== undefined && <Button kind="quiet" text={action.label} onClick={runAction} />}
      <IconButton icon="close" label={t('dismiss')} onClick={() => dismiss(toast.id)} />
    </div>
  );
}

/** The places of notices: the frame, and each open dialog. Only a notice in the last one can be reached, or is read aloud. */
const places = signal<readonly symbol[]>([]);

export function Toasts() {
  const [place] = useState(() => Symbol('place'));
  useLayoutEffect(() => {
    places.value = [...places.peek(), place];
    return () => {
      places.value = places.peek().filter((other) => other !== place);
    };
  }, []);
  const isLast = places.value.at(-1) === place;
  const toast = isLast ? current.value : undefined;
  return (
    <div class="toasts" role="status" aria-live="polite" aria-label={t('notices')}>
      {toast !== undefined && <ToastItem key={toast.id} toast={toast} />}
    </div>
  );
}
