/** A table whose headings sort it. On narrow screens each row becomes a card, with the headings beside the cells that have `data-label`. */
import type { ComponentChildren } from 'preact';
import { useNarrow } from '../../browser/use-narrow.js';
import { Icon } from '../icon/icon.js';
import './table.css';

export interface Column<Key extends string> {
  readonly key: Key;
  readonly name: string;
  /** Numbers and times stand at the end of their column. */
  readonly isNumber?: boolean;
  /** The name is for screen readers only: a column of buttons. */
  readonly isHidden?: boolean;
  readonly isSorted?: boolean;
}

export interface Order<Key extends string> {
  readonly by: Key;
  readonly isDescending: boolean;
}

interface TableProps<Key extends string> {
  readonly label: string;
  readonly columns: readonly Column<Key>[];
  /** Without it, the table cannot be sorted. */
  readonly order?: Order<Key> | undefined;
  readonly onOrder?: ((order: Order<Key>) => void) | undefined;
  /** Rows: `tr` elements. */
  readonly children: ComponentChildren;
}

function Heading<Key extends string>({ column, order, onOrder }: { column: Column<Key> } & Pick<TableProps<Key>, 'order' | 'onOrder'>) {
  const { key, name, isNumber = false, isHidden = false, isSorted = true } = column;
  const isCurrent = order?.by === key;
  const direction = order?.isDescending === true ? 'descending' : 'ascending';
  const sort = (): void => onOrder?.({ by: key, isDescending: isCurrent && !order.isDescending });
  return (
    <th scope="col" class={isNumber ? 'number' : undefined} aria-sort={isCurrent ? direction : undefined}>
      {isHidden && <span class="off-screen">{name}</span>}
      {!isHidden && (onOrder === undefined || !isSorted) && name}
      {!isHidden && onOrder !== undefined && isSorted && (
        <button type="button" onClick={sort}>
          {name}
          <Icon name={isCurrent && order.isDescending ? 'down' : 'up'} size={12} />
        </button>
      )}
    </th>
  );
}

export function Table<Key extends string>({ label, columns, order, onOrder, children }: TableProps<Key>) {
  // Cards have no headings to press.
  const isNarrow = useNarrow();
  return (
    <div class="table-box scrolled">
      <table class="table" aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => (
              <Heading key={column.key} {...{ column, order }} onOrder={isNarrow ? undefined : onOrder} />
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
