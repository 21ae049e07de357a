/** A list that is read in pages. */
import { useState } from 'preact/hooks';
import { type Resource, useResource } from './use-resource.js';

export interface ItemPage<Item> {
  readonly items: readonly Item[];
  /** Null: there are no more. */
  readonly nextCursor: string | null;
}

export interface Pages<Item> extends Resource<ItemPage<Item>> {
  /** Adds the next page, which stays when the list is read again. */
  readonly more: () => void;
}

/** @param inputs  as those of {@link useResource}: with others, the list begins with one page again */
export function usePages<Item>(
  readPage: (cursor: string | undefined, signal: AbortSignal) => Promise<ItemPage<Item>>,
  inputs: readonly (string | undefined)[],
): Pages<Item> {
  const list = inputs.join('\n');
  const [wanted, setWanted] = useState({ list, pages: 1 });
  const pages = wanted.list === list ? wanted.pages : 1;
  const read = async (signal: AbortSignal): Promise<ItemPage<Item>> => {
    let { items, nextCursor } = await readPage(undefined, signal);
    for (let count = 1; count < pages && nextCursor !== null; count += 1) {
      const page = await readPage(nextCursor, signal);
      items = [...items, ...page.items];
      nextCursor = page.nextCursor;
    }
    return { items, nextCursor };
  };
  const resource = useResource(read, inputs);
  const more = (): void => {
    setWanted({ list, pages: pages + 1 });
    resource.reload();
  };
  return { ...resource, more };
}
