/** What was said in the place of a message: one of it is shown, the others are a step away. */
import { signal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { IconButton } from '../../components/button.js';
import type { StoredMessage } from './chat-model.js';
import { t } from './text.js';

export interface Variants {
  readonly ids: readonly string[];
  /** Of the one that is shown. */
  readonly index: number;
}

/** By the message that shows the choice: where an answer begins with what tools said, that is the first after them. */
export function placeVariants(messages: readonly StoredMessage[]): ReadonlyMap<string, Variants> {
  const placed = new Map<string, Variants>();
  let open: Variants | undefined;
  for (const { id, role, variants } of messages) {
    if (role === 'user') open = undefined;
    if (variants !== undefined) open = { ids: variants, index: variants.indexOf(id) };
    if (open === undefined || role === 'tool') continue;
    placed.set(id, open);
    open = undefined;
  }
  return placed;
}

/** @returns the one that many steps away, if there is one */
export function neighbour({ ids, index }: Variants, step: -1 | 1): string | undefined {
  return ids[index + step];
}

/** The step that was asked for last: the place that it leads to is made anew, and takes the focus over. */
const stepped = signal<{ readonly id: string; readonly step: -1 | 1 } | undefined>(undefined);

function useFocusAfterStep(id: string | undefined) {
  const root = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => {
    const last = stepped.peek();
    if (last === undefined || last.id !== id) return;
    stepped.value = undefined;
    const [previous, next] = root.current?.querySelectorAll('button') ?? [];
    const wanted = last.step < 0 ? [previous, next] : [next, previous];
    wanted.find((button) => button?.disabled === false)?.focus();
  }, [id]);
  return root;
}

interface SwitchProps {
  readonly variants: Variants;
  readonly isDisabled: boolean;
  readonly choose: (messageId: string) => void;
}

export function VariantSwitch({ variants, isDisabled, choose }: SwitchProps) {
  const { ids, index } = variants;
  const root = useFocusAfterStep(ids[index]);
  const go = (step: -1 | 1): void => {
    const id = neighbour(variants, step);
    if (id === undefined || isDisabled) return;
    stepped.value = { id, step };
    choose(id);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
    event.preventDefault();
    go(event.key === 'ArrowLeft' ? -1 : 1);
  };
  const label = t('variantOf', { index: index + 1, count: ids.length });
  return (
    <span ref={root} class="variants" role="group" aria-label={label} onKeyDown={onKeyDown}>
      <IconButton icon="left" label={t('previousVariant')} disabled={isDisabled || index === 0} onClick={() => go(-1)} />
      <span aria-hidden="true">{`${index + 1}/${ids.length}`}</span>
      <IconButton icon="right" label={t('nextVariant')} disabled={isDisabled || index === ids.length - 1} onClick={() => go(1)} />
    </span>
  );
}
