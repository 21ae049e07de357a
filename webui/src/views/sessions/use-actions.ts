/** What is done with one session or with several: several are all made alike. */
import { useState } from 'preact/hooks';
import { archive, attempt, changeEach, remove, type SessionFacts } from './session-actions.js';
import type { RowAction } from './session-menu.js';

/** The dialog that is open, and for which sessions. */
export type Opened = { readonly kind: 'rename' | 'tag'; readonly sessions: readonly SessionFacts[] } | undefined;

const keysOf = (sessions: readonly SessionFacts[]): string[] => sessions.map(({ key }) => key);

/** @param options.changed  is told which sessions are no longer what the list shows */
export function useActions({ changed, clear }: { changed: (keys: readonly string[]) => void; clear: () => void }) {
  const [opened, setOpened] = useState<Opened>(undefined);
  const change = async (sessions: readonly SessionFacts[], values: Parameters<typeof changeEach>[1]): Promise<void> => {
    await changeEach(sessions, values);
    changed(keysOf(sessions));
  };
  const act = (action: RowAction, sessions: readonly SessionFacts[]): void => {
    const settled = (): void => changed(keysOf(sessions));
    switch (action) {
      case 'rename':
      case 'tag':
        return setOpened({ kind: action, sessions });
      case 'pin':
        return void attempt(() => change(sessions, () => ({ pinned: !sessions.every(({ pinned }) => pinned) })));
      case 'read':
        return void attempt(() => change(sessions, () => ({ unread: !sessions.some(({ unread }) => unread) })));
      case 'archive':
        clear();
        return void attempt(() => archive(sessions, !sessions.every(({ archived }) => archived), settled));
      case 'delete':
        clear();
        return void attempt(() => remove(sessions, settled));
    }
  };
  return { opened, act, close: () => setOpened(undefined), done: () => changed(keysOf(opened?.sessions ?? [])) };
}
