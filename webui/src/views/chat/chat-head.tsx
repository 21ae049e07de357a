/** The head of a conversation: its title, its menu, and on narrow screens a button for the list of chats. */
import type { SessionTranscript } from '../../../../shared/api/sessions.js';
import { useEffect, useState } from 'preact/hooks';
import { useGatewayEvent } from '../../api/gateway-events.js';
import type { Resource } from '../../api/use-resource.js';
import { late } from '../../browser/late.js';
import { whenIdle } from '../../browser/when-idle.js';
import { Button, IconButton } from '../../components/button/button.js';
import { Dialog } from '../../components/dialog/dialog.js';
import { Icon } from '../../components/icon/icon.js';
import { titleText } from '../../components/markdown/plain-text.js';
import { hashOf, navigate } from '../../shell/router.js';
import { t as shell } from '../../shell/text.js';
import type { SessionFacts } from '../sessions/session-actions.js';
import { ChatList } from './chat-list.js';
import { t } from './text.js';

/** Opens the list of chats where it does not fit beside the conversation. */
function ChatsButton({ current }: { current: string | undefined }) {
  const [isOpen, setOpen] = useState(false);
  const close = (): void => setOpen(false);
  return (
    <span class="to-chats">
      <Button kind="quiet" icon="sessions" text={t('chats')} onClick={() => setOpen(true)} />
      {isOpen && (
        <Dialog title={t('chats')} size="side" onClose={close}>
          <ChatList current={current} onChosen={close} />
        </Dialog>
      )}
    </span>
  );
}

function usePageTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · xopc`;
    return () => {
      document.title = `${shell('chat')} · xopc`;
    };
  }, [title]);
}

const menu = late(async () => (await import('./chat-menu.js')).default);

function Named({ session, reload }: { session: SessionFacts; reload: () => void }) {
  const title = titleText(session.title);
  usePageTitle(title);
  useEffect(() => whenIdle(() => void menu.load()), []);
  const ChatMenu = menu.component.value;
  return (
    <>
      <h2 class="chat-title" dir="auto" title={title}>
        {title}
      </h2>
      {session.pinned && <Icon name="pin" size={14} />}
      {session.tags.map((tag) => (
        <a key={tag} class="badge chat-tag" href={hashOf('sessions', [], { q: `tag:"${tag}"` })}>
          {tag}
        </a>
      ))}
      <span class="spread">{ChatMenu !== undefined && <ChatMenu {...{ session, reload }} />}</span>
    </>
  );
}

/** @param props.own  undefined in a chat without a session */
export function ChatHead({ current, own }: { current: string | undefined; own: Resource<SessionTranscript> | undefined }) {
  const session = own?.value?.session;
  useGatewayEvent(({ name, data }) => {
    // The first message gives a session its title; of a deleted one there is nothing to read.
    const isChanged = (name === 'session' && data.change !== 'deleted') || (name === 'turn' && data.state === 'started');
    const isOurs = isChanged && data.session === current;
    if (name === 'reset' || isOurs) own?.reload();
  });
  return (
    <header class="chat-head" data-empty={own === undefined}>
      <ChatsButton current={current} />
      {session !== undefined && session.key === current && own !== undefined ? (
        <Named session={session} reload={own.reload} />
      ) : (
        <span class="spread" />
      )}
      <span class="to-chats">
        <IconButton icon="plus" label={shell('newChat')} onClick={() => navigate(hashOf('chat'))} />
      </span>
    </header>
  );
}
