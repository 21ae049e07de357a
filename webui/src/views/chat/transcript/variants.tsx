/** The variants of a message. One is shown; buttons step to the others. */
import { signal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { IconButton } from '../../../components/button/button.js';
import type { StoredMessage } from '../model/chat-model.js';
import { t } from '../text.js';

export interface Variants {
  readonly ids: readonly string[];
  /** The index of the shown variant. */
  readonly index: number;
}

/** Maps the message that shows the switch to its variants: the first message of the answer after tool results. */
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

/** Returns the id of the variant one step away; undefined at the end. */
export function neighbour({ ids, index }: Variants, step: -1 | 1): string | undefined {
  return ids[index + step];
}

/** The last step: the switch of the new variant is a new element, which takes over the focus. */
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
