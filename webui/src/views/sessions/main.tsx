/** The sessions view: searches, renames, copies, exports, imports, deletes and restores conversations. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { ApiError, call } from '../../api/client.js';
import { useResource, useReturn } from '../../api/use-resource.js';
import { PageHeader } from '../../components/page-header/page-header.js';
import { Button } from '../../components/button/button.js';
import { Empty, ErrorBox } from '../../components/feedback/feedback.js';
import { Segmented } from '../../components/segmented/segmented.js';
import { Skeleton } from '../../components/skeleton/skeleton.js';
import { FileInput } from '../../components/field/field.js';
import { errorText } from '../../components/feedback/error-words.js';
import { attempt } from '../../components/toast/toast.js';
import type { VirtualListHandle } from '../../components/virtual-list/virtual-list.js';
import { address, changeQuery, hashOf, navigate } from '../../shell/router.js';
import { t as shell } from '../../shell/text.js';
import { BulkBar } from './bulk-bar.js';
import { RenameDialog } from './rename-dialog.js';
import { SearchBox } from './search-box.js';
import { useSelection } from './selection.js';
import { importFile } from './session-actions.js';
import { lastFeed, SessionFeed } from './session-feed.js';
import { keptPlace, SessionRows } from './session-rows.js';
import { StorageButton } from './storage-facts.js';
import { hasFilter, toggleFilter } from './suggestions.js';
import { TagDialog } from './tag-dialog.js';
import { t } from './text.js';
import { useActions } from './session-menu.js';
import './sessions.css';

/** Returns the feed of a search. After a step back in the history, it is the last feed with all its pages. */
function takeFeed(search: string): SessionFeed {
  const last = lastFeed.peek();
  return keptPlace() > 0 && last?.search === search ? last : new SessionFeed(search);
}

/** Returns the feed of a search, and the one to show: the previous feed until the first page is loaded. */
function useFeed(search: string) {
  const feed = useMemo(() => takeFeed(search), [search]);
  const shown = useRef(feed);
  useEffect(() => {
    lastFeed.value = feed;
    feed.open();
    return () => feed.close();
  }, [feed]);
  if (feed.isRead.value) shown.current = feed;
  useReturn(feed.error.value === undefined ? (feed.isRead.value ? 'done' : 'running') : 'failed', () => retry(feed));
  return { feed, shown: shown.current };
}

/** Returns the tags of all sessions, once something needs them. */
function useTags(isNeeded: boolean, sessions: unknown): readonly string[] {
  const read = (signal: AbortSignal) => call<{ tags: string[] }>('GET', '/api/session-tags', { signal });
  return useResource((signal) => (isNeeded ? read(signal) : Promise.resolve({ tags: [] })), [isNeeded, sessions]).value?.tags ?? [];
}

function ImportButton({ onDone }: { onDone: () => void }) {
  const [isBusy, setBusy] = useState(false);
  const read = async ([file]: readonly File[]): Promise<void> => {
    if (file === undefined) return;
    setBusy(true);
    await attempt(() => importFile(file));
    setBusy(false);
    onDone();
  };
  return (
    <FileInput accept=".json,.jsonl,.ndjson,application/json" onFiles={(files) => void read(files)}>
      {(open) => <Button icon="upload" isBusy={isBusy} text={t('import')} onClick={open} />}
    </FileInput>
  );
}

/** Frequent searches, one at a time; others are typed. */
const FILTERS = [
  { value: '', name: 'all' },
  { value: 'is:unread', name: 'unread' },
  { value: 'is:pinned', name: 'pinned' },
  { value: 'is:archived', name: 'archived' },
] as const;

function Filters({ search }: { search: string }) {
  const chosen = FILTERS.find(({ value }) => value !== '' && hasFilter(search, value))?.value ?? '';
  const choose = (filter: string): void => {
    const rest = chosen === '' ? search : toggleFilter(search, chosen);
    changeQuery({ q: filter === '' ? rest : toggleFilter(rest, filter) });
  };
  return (
    <Segmented
      label={t('filters')}
      value={chosen}
      choices={FILTERS.map(({ value, name }) => ({ value, label: t(name) }))}
      onChange={choose}
      isWideWhenNarrow
    />
  );
}

const retry = (feed: SessionFeed): void => (feed.isRead.peek() ? feed.reload('all') : feed.more());

/** An invalid search is reported below the search field; the list stays. */
function Fault({ feed }: { feed: SessionFeed }) {
  const error = feed.error.value;
  if (error === undefined) return null;
  if (error instanceof ApiError && error.code === 'INVALID_REQUEST') {
    return (
      <p class="search-fault" role="alert">
        {errorText(error)}
      </p>
    );
  }
  return <ErrorBox error={error} retry={() => retry(feed)} />;
}

function NoSessions({ search }: { search: string }) {
  if (search === '') {
    const action = <Button kind="primary" icon="chat" text={t('startChat')} onClick={() => navigate(hashOf('chat'))} />;
    return (
      <Empty title={t('none')} icon="sessions" action={action}>
        {t('noneText')}
      </Empty>
    );
  }
  return (
    <Empty
      title={t('noMatch', { search })}
      icon="search"
      action={<Button text={t('clearSearch')} onClick={() => changeQuery({ q: '' })} />}
    />
  );
}

/** Announces what a search found. */
function Found({ search, feed }: { search: string; feed: SessionFeed }) {
  const isFound = search !== '' && feed.isRead.value;
  const count = feed.sessions.value.length;
  const text = count === 0 ? t('noMatch', { search }) : t(feed.hasMore.value ? 'foundMore' : 'found', { count });
  return (
    <p class="off-screen" role="status">
      {isFound && text}
    </p>
  );
}

export default function SessionsView() {
  const search = address.value.query['q'] ?? '';
  const { feed, shown } = useFeed(search);
  const sessions = shown.sessions.value;
  const list = useRef<VirtualListHandle>(null);
  const selection = useSelection(sessions);
  const { opened, act, close, done } = useActions({ changed: (keys) => feed.reload(keys), deselect: selection.deselect });
  const [first] = opened?.sessions ?? [];
  const [isSearching, setSearching] = useState(false);
  const tags = useTags(isSearching || opened?.kind === 'tag', sessions);
  const toggle = (filter: string): void => changeQuery({ q: toggleFilter(search, filter) });
  return (
    <section class="view full sessions">
      <PageHeader title={shell('sessions')}>
        <StorageButton sessions={sessions} />
        <ImportButton onDone={() => feed.reload([])} />
      </PageHeader>
      <div class="session-bar">
        <SearchBox search={search} known={{ sessions, tags }} onFocus={() => setSearching(true)} onLeave={() => list.current?.show(0)} />
        <Filters search={search} />
      </div>
      <Fault feed={feed} />
      <Found search={search} feed={feed} />
      {!shown.isRead.value && feed.error.value === undefined && <Skeleton lines={8} />}
      {feed.isRead.value && sessions.length === 0 && <NoSessions search={search} />}
      {sessions.length > 0 && <SessionRows {...{ sessions, selection }} feed={shown} handle={list} onAct={act} onFilter={toggle} />}
      {selection.selected.length > 0 && <BulkBar selection={selection} onAct={act} />}
      {opened?.kind === 'rename' && first !== undefined && <RenameDialog session={first} onClose={close} onDone={done} />}
      {opened?.kind === 'tag' && <TagDialog sessions={opened.sessions} known={tags} onClose={close} onDone={done} />}
    </section>
  );
}
