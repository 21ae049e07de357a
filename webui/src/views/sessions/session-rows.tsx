/** The list itself: rows, what is selected of them, and what is done with the selected ones. */
import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useGatewayEvent } from '../../api/gateway-events.js';
import { Button } from '../../components/button.js';
import { RenameDialog } from './rename-dialog.js';
import { listKeys, type Selection, useSelection } from './selection.js';
import { archive, attempt, changeEach, remove, type Session } from './session-actions.js';
import { type RowAction, SessionRow } from './session-row.js';
import { TagDialog } from './tag-dialog.js';
import { t } from './text.js';

/** Several things happen at once: the list is read once for all of them. */
const SETTLE_MS = 200;
/** Letters on a row, and on what is selected. */
const LETTERS: Readonly<Record<string, RowAction>> = { e: 'archive', p: 'pin', t: 'tag', u: 'read', Delete: 'delete' };

/** Which sessions an answer is being given in: those of the list, corrected by what has happened since. */
function useAnswering(sessions: readonly Session[], reload: () => void): (session: Session) => boolean {
  const [since, setSince] = useState<Readonly<Record<string, boolean>>>({});
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => setSince({}), [sessions]);
  useGatewayEvent(({ name, data }) => {
    if (name !== 'turn' && name !== 'session' && name !== 'reset') return;
    clearTimeout(timer.current);
    timer.current = setTimeout(reload, SETTLE_MS);
    if (name === 'turn') setSince((before) => ({ ...before, [data.session]: data.state === 'started' }));
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  return ({ key, answering }) => since[key] ?? answering;
}

interface BulkBarProps {
  readonly selection: Selection;
  readonly onAct: (action: RowAction, sessions: readonly Session[]) => void;
}

function BulkBar({ selection, onAct }: BulkBarProps) {
  const { selected } = selection;
  const act = (action: RowAction) => () => onAct(action, selected);
  return (
    <div class="row selection" role="toolbar" aria-label={t('selection')}>
      <span role="status">{t('selected', { count: selected.length })}</span>
      <Button icon="archive" onClick={act('archive')}>
        {t(selected.every(({ archived }) => archived) ? 'unarchive' : 'archive')}
      </Button>
      <Button icon="tag" onClick={act('tag')}>
        {t('tags')}
      </Button>
      <Button icon="pin" onClick={act('pin')}>
        {t(selected.every(({ pinned }) => pinned) ? 'unpin' : 'pin')}
      </Button>
      <Button icon="check" onClick={act('read')}>
        {t(selected.some(({ unread }) => unread) ? 'markRead' : 'markUnread')}
      </Button>
      <Button kind="danger" icon="trash" onClick={act('delete')}>
        {t('deleteSelected')}
      </Button>
      <Button kind="quiet" onClick={selection.selectAll}>
        {t('selectAll')}
      </Button>
      <Button kind="quiet" onClick={selection.clear}>
        {t('clear')}
      </Button>
    </div>
  );
}

type Opened = { readonly kind: 'rename' | 'tag'; readonly sessions: readonly Session[] } | undefined;

/** What an action does with one session or several: several are all made alike. */
function useActions({ reload, clear }: { reload: () => void; clear: () => void }) {
  const [opened, setOpened] = useState<Opened>(undefined);
  const change = async (sessions: readonly Session[], values: Parameters<typeof changeEach>[1]): Promise<void> => {
    await changeEach(sessions, values);
    reload();
  };
  const act = (action: RowAction, sessions: readonly Session[]): void => {
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
        return void attempt(() => archive(sessions, !sessions.every(({ archived }) => archived), reload));
      case 'delete':
        clear();
        return void attempt(() => remove(sessions, reload));
    }
  };
  return { opened, act, close: () => setOpened(undefined) };
}

export interface SessionRowsProps {
  readonly sessions: readonly Session[];
  readonly tags: readonly string[];
  readonly reload: () => void;
  readonly onFilter: (filter: string) => void;
  readonly list: RefObject<HTMLUListElement | null>;
}

export function SessionRows({ sessions, tags, reload, onFilter, list }: SessionRowsProps) {
  const isAnswering = useAnswering(sessions, reload);
  const selection = useSelection(sessions);
  const { opened, act, close } = useActions({ reload, clear: selection.clear });
  const [first] = opened?.sessions ?? [];
  /** A letter is for the selected ones where the row in focus is one of them. */
  const actByKey = (key: string, index: number): boolean => {
    const action = LETTERS[key];
    const session = sessions[index];
    if (key === 'Escape' && selection.selected.length > 0) selection.clear();
    else if (action !== undefined && session !== undefined) act(action, selection.keys.has(session.key) ? selection.selected : [session]);
    else return false;
    return true;
  };
  return (
    <>
      {selection.selected.length > 0 && <BulkBar selection={selection} onAct={act} />}
      <ul ref={list} class="rows session-rows" aria-label={t('list')} onKeyDown={listKeys(list, { selection, sessions, act: actByKey })}>
        {sessions.map((session, index) => (
          <SessionRow
            key={session.key}
            session={session}
            isSelected={selection.keys.has(session.key)}
            isAnswering={isAnswering(session)}
            onSelect={(isSelected, isRange) => selection.select(index, isSelected, isRange)}
            onAct={(action) => act(action, [session])}
            onFilter={onFilter}
          />
        ))}
      </ul>
      {opened?.kind === 'rename' && first !== undefined && <RenameDialog session={first} onClose={close} onDone={reload} />}
      {opened?.kind === 'tag' && <TagDialog sessions={opened.sessions} known={tags} onClose={close} onDone={reload} />}
    </>
  );
}
