/** The sessions view: every conversation, found by title or text, renamed, copied, exported, imported, deleted and brought back. */
import { useRef, useState } from 'preact/hooks';
import { apiPath, call } from '../../api/client.js';
import { useResource } from '../../api/use-resource.js';
import { Button } from '../../components/button.js';
import { Empty, ErrorBox, Spinner } from '../../components/feedback.js';
import { address, changeQuery } from '../../shell/router.js';
import { SearchBox } from './search-box.js';
import { attempt, importFile, type Session, type SessionList } from './session-actions.js';
import { SessionRows } from './session-rows.js';
import { StorageFacts } from './storage-facts.js';
import { hasFilter, toggleFilter } from './suggestions.js';
import { t } from './text.js';
import './sessions.css';

const PAGE = 100;

interface TagsAnswer {
  readonly tags: readonly string[];
}

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
        accept=".json,.jsonl,.ndjson,application/json"
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

/** Searches that are wanted often, each by one press. */
const SHORTCUTS = [
  ['is:unread', 'unread'],
  ['is:pinned', 'pinned'],
  ['is:answering', 'answeringNow'],
  ['is:archived', 'archived'],
] as const;

function Shortcuts({ search, onToggle }: { search: string; onToggle: (filter: string) => void }) {
  return (
    <div class="row shortcuts" role="group" aria-label={t('filters')}>
      {SHORTCUTS.map(([filter, name]) => (
        <button
          key={filter}
          type="button"
          class="chip toggle"
          aria-pressed={hasFilter(search, filter)}
          title={filter}
          onClick={() => onToggle(filter)}
        >
          {t(name)}
        </button>
      ))}
    </div>
  );
}

export default function SessionsView() {
  const search = address.value.query['q'] ?? '';
  const { value, error, reload, showMore } = useSessions(search);
  const tags = useResource((signal) => call<TagsAnswer>('GET', '/api/session-tags', { signal }), [value]).value?.tags ?? [];
  const list = useRef<HTMLUListElement>(null);
  const sessions = value?.sessions ?? [];
  const toggle = (filter: string): void => changeQuery({ q: toggleFilter(search, filter) });
  const enterList = (): void => list.current?.querySelector<HTMLElement>('.session-link')?.focus();
  return (
    <section class="view">
      <header class="view-head">
        <h1>{t('title')}</h1>
        <SearchBox search={search} known={{ sessions, tags }} onLeave={enterList} />
        <ImportButton onDone={reload} />
      </header>
      <Shortcuts search={search} onToggle={toggle} />
      {error !== undefined && <ErrorBox error={error} retry={reload} />}
      {value === undefined && error === undefined && <Spinner />}
      {value !== undefined && error === undefined && sessions.length === 0 && <NoSessions search={search} />}
      {sessions.length > 0 && error === undefined && <SessionRows {...{ sessions, tags, reload, list }} onFilter={toggle} />}
      {value?.hasMore === true && <Button onClick={showMore}>{t('more')}</Button>}
      <StorageFacts sessions={value} />
    </section>
  );
}

function NoSessions({ search }: { search: string }) {
  return search === '' ? <Empty title={t('none')}>{t('noneText')}</Empty> : <Empty title={t('noMatch', { search })} />;
}
