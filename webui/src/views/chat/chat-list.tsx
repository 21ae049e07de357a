/** The chats at the side: the newest ones; all of them are in the sessions view. */
import { useRef } from 'preact/hooks';
import type { z } from 'zod';
import type { sessionListResponse } from '../../../../shared/api/sessions.js';
import { apiPath, call } from '../../api/client.js';
import { useGatewayEvent } from '../../api/gateway-events.js';
import { useResource } from '../../api/use-resource.js';
import { Button } from '../../components/button.js';
import { Icon } from '../../components/icon.js';
import { plainText } from '../../components/plain-text.js';
import { hashOf, navigate } from '../../shell/router.js';
import { t } from './text.js';

type SessionList = z.output<ReturnType<typeof sessionListResponse>>;

const SHOWN = 40;
/** Several things happen at once: the list is read once for all of them. */
const SETTLE_MS = 250;

export function ChatList({ current }: { current: string | undefined }) {
  const path = apiPath('/api/sessions', {}, { limit: SHOWN });
  const { value, reload } = useResource((signal) => call<SessionList>('GET', path, { signal }), [path]);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useGatewayEvent(({ name }) => {
    if (name !== 'session' && name !== 'turn' && name !== 'reset') return;
    clearTimeout(timer.current);
    timer.current = setTimeout(reload, SETTLE_MS);
  });
  return (
    <nav class="chat-list" aria-label={t('chats')}>
      <Button icon="plus" onClick={() => navigate(hashOf('chat'))}>
        {t('newChat')}
      </Button>
      <ul>
        {value?.sessions.map(({ key, title, channel, pinned, unread, answering }) => (
          <li key={key}>
            <a href={hashOf('chat', [key])} aria-current={key === current ? 'page' : undefined} title={plainText(title)}>
              {answering && <i class="pulse" role="img" aria-label={t('answering')} />}
              {!answering && unread && key !== current && <i class="unread-dot" role="img" aria-label={t('unread')} />}
              <span dir="auto">{plainText(title)}</span>
              {pinned && <Icon name="pin" size={13} />}
              {channel !== 'webchat' && <small>{channel}</small>}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
