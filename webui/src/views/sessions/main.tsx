/** The sessions view: every conversation, found by title or text, renamed, copied, exported, imported, deleted and brought back. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { apiPath, call } from '../../api/client.js';
import { useGatewayEvent } from '../../api/gateway-events.js';
import { useResource } from '../../api/use-resource.js';
import { Button } from '../../components/button.js';
import { Empty, ErrorBox, Spinner } from '../../components/feedback.js';
import { useCommands } from '../../shell/commands.js';
import { address, changeQuery } from '../../shell/router.js';
import { RenameDialog } from './rename-dialog.js';
import { attempt, importFile, remove, type Session, type SessionList } from './session-actions.js';
import { SessionRow } from './session-row.js';
import { t } from './text.js';
import './sessions.css';

const PAGE = 100;
/** Several things happen at once: the list is read once for all of them. */
const SETTLE_MS = 200;

/** The pages that were asked for, as one list. */
function useSessions(search: string) {
  const [pages, setPages] = useState(1);
  const resource = useResource(
    async (signal) => {
      const sessions: Session[] = [];
      let cursor: string | undefined;
      for (let page = 0; page < pages; page += 1) {
        const path = apiPath('/api/sessions', {}, { search, limit: PAGE, cursor });
        const answer = await call<SessionList>('GET', path, { signal });
        sessions.push(...answer.sessions);
        cursor = answer.nextCursor ?? undefined;
        if (cursor === undefined) break;
      }
      return { sessions, hasMore: cursor !== undefined };
    },
    [search, pages],
  );
  return { ...resource, showMore: () => setPages(pages + 1) };
}

/** Which sessions an answer is being given in, as far as it was seen to begin. */
function useAnswering(reload: () => void): ReadonlySet<string> {
  const [answering, setAnswering] = useState<ReadonlySet<string>>(new Set());
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useGatewayEvent(({ name, data }) => {
    if (name !== 'turn' && name !== 'session' && name !== 'reset') return;
    clearTimeout(timer.current);
    timer.current = setTimeout(reload, SETTLE_MS);
    if (name !== 'turn') return;
    const next = new Set(answering);
    if (data.state === 'started') next.add(data.session);
    else next.delete(data.session);
    setAnswering(next);
  });
  return answering;
}

/** Which rows are selected; with Shift, all from the last one to this. */
function useSelection(sessions: readonly Session[]) {
  const [keys, setKeys] = useState<ReadonlySet<string>>(new Set());
  const last = useRef(-1);
  const select = (index: number, isSelected: boolean, isRange: boolean): void => {
    const next = new Set(keys);
    const from = isRange && last.current >= 0 ? Math.min(last.current, index) : index;
    const to = isRange && last.current >= 0 ? Math.max(last.current, index) : index;
    for (const { key } of sessions.slice(from, to + 1)) {
      if (isSelected) next.add(key);
      else next.delete(key);
    }
    last.current = index;
    setKeys(next);
  };
  return { keys, select, clear: () => setKeys(new Set()), selected: sessions.filter(({ key }) => keys.has(key)) };
}

function ImportButton({ onDone }: { onDone: () => void }) {
  const input = useRef<HTMLInputElement>(null);
  const onChange = async (): Promise<void> => {
    const file = input.current?.files?.[0];
    if (input.current === null || file === undefined) return;
    await attempt(() => importFile(file));
    input.current.value = '';
    onDone();
  };
  return (
    <>
      <input
        ref={input}
        type="file"
        accept="application/json,.json"
        class="off-screen"
        tabIndex={-1}
        aria-hidden="true"
        onChange={() => void onChange()}
      />
      <Button icon="upload" onClick={() => input.current?.click()}>
        {t('import')}
      </Button>
    </>
  );
}

function SearchBox({ search }: { search: string }) {
  const box = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(search);
  useEffect(() => {
    const timer = setTimeout(() => text !== search && changeQuery({ q: text }), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  useCommands([{ id: 'search-sessions', label: t('search'), icon: 'search', keys: '/', run: () => box.current?.focus() }]);
  const onInput = (event: { currentTarget: HTMLInputElement }): void => setText(event.currentTarget.value);
  return (
    <input ref={box} type="search" maxLength={200} aria-label={t('search')} placeholder={t('search')} value={text} onInput={onInput} />
  );
}

function Rows({ sessions, reload }: { sessions: readonly Session[]; reload: () => void }) {
  const [renamed, setRenamed] = useState<Session | undefined>(undefined);
  const answering = useAnswering(reload);
  const { keys, select, clear, selected } = useSelection(sessions);
  const removeAll = (list: readonly Session[]): void => {
    clear();
    void attempt(() => remove(list, reload));
  };
  return (
    <>
      {selected.length > 0 && (
        <div class="row selection" role="status">
          {t('selected', { count: selected.length })}
          <Button kind="danger" icon="trash" onClick={() => removeAll(selected)}>
            {t('deleteSelected')}
          </Button>
          <Button kind="quiet" onClick={clear}>
            {t('clear')}
          </Button>
        </div>
      )}
      <ul class="rows session-rows" aria-label={t('list')}>
        {sessions.map((session, index) => (
          <SessionRow
            key={session.key}
            session={session}
            isSelected={keys.has(session.key)}
            isAnswering={answering.has(session.key)}
            onSelect={(isSelected, isRange) => select(index, isSelected, isRange)}
            onRename={() => setRenamed(session)}
            onDelete={() => removeAll([session])}
          />
        ))}
      </ul>
      {renamed !== undefined && <RenameDialog session={renamed} onClose={() => setRenamed(undefined)} onDone={reload} />}
    </>
  );
}

export default function SessionsView() {
  const search = address.value.query['q'] ?? '';
  const { value, error, reload, showMore } = useSessions(search);
  const isEmpty = value?.sessions.length === 0;
  return (
    <section class="view">
      <header class="view-head">
        <h1>{t('title')}</h1>
        <SearchBox search={search} />
        <ImportButton onDone={reload} />
      </header>
      {error !== undefined && <ErrorBox error={error} retry={reload} />}
      {value === undefined && error === undefined && <Spinner />}
      {isEmpty && (search === '' ? <Empty title={t('none')}>{t('noneText')}</Empty> : <Empty title={t('noMatch', { search })} />)}
      {value !== undefined && <Rows sessions={value.sessions} reload={reload} />}
      {value?.hasMore === true && <Button onClick={showMore}>{t('more')}</Button>}
    </section>
  );
}
