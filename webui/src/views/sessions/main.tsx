/** The sessions view: every conversation, found by title or text. */
import type { z } from 'zod';
import type { sessionListResponse } from '../../../../shared/api/sessions.js';
import { apiPath, call } from '../../api/client.js';
import { useResource } from '../../api/use-resource.js';
import { Empty, ErrorBox, Spinner } from '../../components/feedback.js';
import { address, changeQuery } from '../../shell/router.js';
import { t } from './text.js';

type SessionList = z.output<ReturnType<typeof sessionListResponse>>;

export default function SessionsView() {
  const search = address.value.query['q'] ?? '';
  const path = apiPath('/api/sessions', {}, { search });
  const { value, error, reload } = useResource((signal) => call<SessionList>('GET', path, { signal }), [path]);
  const isEmpty = value?.sessions.length === 0;
  return (
    <section class="view">
      <header class="view-head">
        <h1>{t('title')}</h1>
        <input
          type="search"
          aria-label={t('search')}
          placeholder={t('search')}
          value={search}
          onInput={(event) => changeQuery({ q: event.currentTarget.value })}
        />
      </header>
      {error !== undefined && <ErrorBox error={error} retry={reload} />}
      {value === undefined && error === undefined && <Spinner />}
      {isEmpty && (search === '' ? <Empty title={t('none')}>{t('noneText')}</Empty> : <Empty title={t('noMatch', { search })} />)}
      <ul class="rows" aria-label={t('list')}>
        {value?.sessions.map(({ key, title, channel, messageCount }) => (
          <li key={key}>
            <a href={`#/chat/${encodeURIComponent(key)}`}>{title}</a>
            <span class="muted">
              {channel} · {t('messages', { count: messageCount })}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
