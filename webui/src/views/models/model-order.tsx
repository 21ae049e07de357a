/** The default model and its fallbacks in order. Buttons, which a keyboard reaches, or dragging move them. */
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Button, IconButton } from '../../components/button/button.js';
import { Select } from '../../components/field/field.js';
import { Icon } from '../../components/icon/icon.js';
import { Badge } from '../../components/status-dot/status-dot.js';
import type { Model, Setup } from './models-api.js';
import { HealthDot } from './provider/health.js';
import { AskedBadge } from './results.js';
import type { Checks } from './use-checks.js';
import { t } from './text.js';

/** Returns the order with one item moved. */
function moved(order: readonly string[], from: number, to: number): readonly string[] {
  const rest = order.filter((_id, index) => index !== from);
  const item = order[from];
  return item === undefined ? order : [...rest.slice(0, to), item, ...rest.slice(to)];
}

interface RowProps {
  readonly id: string;
  readonly index: number;
  readonly count: number;
  /** Undefined: no provider has it. */
  readonly model: Model | undefined;
  readonly checks: Checks;
  readonly onMove: (to: number) => void;
  readonly onRemove: () => void;
  readonly drag: {
    readonly isOver: boolean;
    readonly start: () => void;
    readonly over: () => void;
    readonly drop: () => void;
    readonly end: () => void;
  };
}

function Row({ id, index, count, model, checks, onMove, onRemove, drag }: RowProps) {
  return (
    <li
      class={drag.isOver ? 'order-row over' : 'order-row'}
      draggable
      onDragStart={(event) => {
        event.dataTransfer?.setData('text/plain', id);
        drag.start();
      }}
      onDragOver={(event) => {
        event.preventDefault();
        drag.over();
      }}
      onDrop={(event) => {
        event.preventDefault();
        drag.drop();
      }}
      onDragEnd={drag.end}
    >
      <Icon name="drag" size={16} />
      <span class="order-model">
        <code>{id}</code>
        <Badge tone={index === 0 ? 'info' : 'off'}>{index === 0 ? t('default') : t('fallback', { number: index })}</Badge>
        {model === undefined && <Badge tone="warning">{t('notThere')}</Badge>}
        {model !== undefined && model.health.state !== 'ok' && <HealthDot facts={model} />}
        <AskedBadge asked={checks.asked[id]} />
      </span>
      <span class="order-moves" data-moves={id}>
        <IconButton icon="up" label={t('moveUp', { id })} disabled={index === 0} onClick={() => onMove(index - 1)} />
        <IconButton icon="down" label={t('moveDown', { id })} disabled={index === count - 1} onClick={() => onMove(index + 1)} />
        <IconButton icon="close" label={t('takeOut', { id })} onClick={onRemove} />
      </span>
    </li>
  );
}

function AddModel({ setup: { order, models }, onAdd }: { setup: Setup; onAdd: (id: string) => void }) {
  const others = models.filter(({ id, provider }) => !order.includes(id) && provider !== 'xopc');
  if (others.length === 0) return null;
  const label = order.length === 0 ? t('chooseDefault') : t('addFallback');
  const choices = [{ value: '', label }, ...others.map(({ id }) => id)];
  return <Select class="order-add" aria-label={label} value="" choices={choices} onChange={onAdd} />;
}

export function ModelOrder({ setup, checks, onOrder }: { setup: Setup; checks: Checks; onOrder: (order: readonly string[]) => void }) {
  const { order, models } = setup;
  const list = useRef<HTMLOListElement>(null);
  const [last, setLast] = useState<{ id: string; step: number; place: number } | undefined>(undefined);
  const [dragged, setDragged] = useState<{ readonly from: number; readonly over: number } | undefined>(undefined);
  const move = (from: number, to: number): void => {
    const id = order[from];
    if (id === undefined || from === to) return;
    setLast({ id, step: to - from, place: to + 1 });
    onOrder(moved(order, from, to));
  };
  // A moved row loses the focus: its button gets it back, or the other one where that is disabled.
  useLayoutEffect(() => {
    if (last === undefined) return;
    const buttons = list.current?.querySelectorAll<HTMLButtonElement>(`[data-moves="${CSS.escape(last.id)}"] > button`) ?? [];
    const [up, down] = [...buttons];
    const wanted = last.step < 0 ? [up, down] : [down, up];
    wanted.find((button) => button?.disabled === false)?.focus();
  }, [last]);
  const dragOf = (index: number): RowProps['drag'] => ({
    isOver: dragged !== undefined && dragged.over === index && dragged.from !== index,
    start: () => setDragged({ from: index, over: index }),
    over: () => dragged !== undefined && dragged.over !== index && setDragged({ ...dragged, over: index }),
    drop: () => dragged !== undefined && move(dragged.from, index),
    end: () => setDragged(undefined),
  });
  return (
    <section class="card">
      <div class="card-head">
        <h2>{t('order')}</h2>
        {order.length > 0 && <Button kind="quiet" icon="play" text={t('askAll')} onClick={() => checks.askModels(order)} />}
      </div>
      <p class="hint">{order.length === 0 ? t('orderNone', { model: models[0]?.id ?? '' }) : t('orderHint')}</p>
      <ol class="order" ref={list} aria-label={t('order')}>
        {order.map((id, index) => (
          <Row
            key={id}
            {...{ id, index, checks }}
            count={order.length}
            model={models.find((model) => model.id === id)}
            onMove={(to) => move(index, to)}
            onRemove={() => onOrder(order.filter((other) => other !== id))}
            drag={dragOf(index)}
          />
        ))}
      </ol>
      <p class="off-screen" role="status">
        {last === undefined ? '' : t('isMoved', { id: last.id, place: last.place, count: order.length })}
      </p>
      <AddModel setup={setup} onAdd={(id) => id !== '' && onOrder([...order, id])} />
    </section>
  );
}
