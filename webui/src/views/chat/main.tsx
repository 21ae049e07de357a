/** The chat view: the list of chats, one conversation, and the composer. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { SessionDocument, SessionTranscript } from '../../../../shared/api/sessions.js';
import { waitingSessions } from '../../api/approvals.js';
import { apiPath, call } from '../../api/client.js';
import { isKeptInstead } from '../../api/copy-mode.js';
import { connection } from '../../api/socket.js';
import type { Resource } from '../../api/use-resource.js';
import { Button } from '../../components/button/button.js';
import { copyText } from '../../browser/copy.js';
import { channelName } from '../../components/channel-name/channel-name.js';
import { Empty } from '../../components/feedback/feedback.js';
import { loadMarkdown } from '../../components/markdown/markdown.js';
import { attempt, attemptOnce, showToast } from '../../components/toast/toast.js';
import { useCommands } from '../../shell/commands.js';
import { address, hashOf, navigate, navigateLater } from '../../shell/router.js';
import { t as shell } from '../../shell/text.js';
import { ChatHead } from './chat-head.js';
import { ChatList } from './chat-list.js';
import { Composer } from './composer/composer.js';
import { FileDrop } from './composer/file-list.js';
import { type FileNote, isUnheard, useDraftFiles } from './composer/files.js';
import { useModels, useSession } from './composer/model-chip.js';
import type { ChatModel, StoredMessage } from './model/chat-model.js';
import { sendOnConnection } from './model/new-chat.js';
import { openChats } from './model/open-chats.js';
import { readEdit, rescueText, writeEdit } from './model/outbox.js';
import { NewChat } from './new-chat.js';
import { Transcript } from './transcript/transcript.js';
import { t } from './text.js';
import { neighbour, placeVariants } from './transcript/variants.js';
import './chat.css';

// Whatever view is shown: the chat view is loaded in every tab.
sendOnConnection();

/** Opens a copy of the session, unless the user has gone elsewhere. Not shared with the sessions view, whose code is not part of a chat's first load. */
async function fork(session: string, messageId: string | undefined): Promise<void> {
  const navigateThen = navigateLater();
  const path = apiPath('/api/sessions/:key/fork', { key: session });
  const made = await call<{ session: SessionDocument }>('POST', path, { body: { messageId } });
  navigateThen(hashOf('chat', [made.session.key]));
}

function lastCode(text: string): string | undefined {
  return [...text.matchAll(/^(```+|~~~+)[^\n]*\n([\s\S]*?)\n?^\1/gm)].at(-1)?.[2];
}

/** The actions on the conversation, for buttons, keys and the palette. */
function useActions(model: ChatModel, canWrite: boolean) {
  const [editing, setEditing] = useState(() => readEdit(model.session));
  const change = (message: typeof editing): void => {
    writeEdit(model.session, message);
    setEditing(message);
  };
  const question = (): StoredMessage | undefined => model.messages.peek().findLast(({ role }) => role === 'user');
  const edit = (message = question()): void => {
    if (message !== undefined && canWrite) change({ messageId: message.id, content: message.content, files: message.attachments ?? [] });
  };
  /** Sends what a button stands for, unless it waits to be sent already. */
  const sendOnce = (content: string, more: Parameters<typeof model.send>[1] = {}): void => {
    if (!model.outbox.holds(content, more)) model.send(content, more);
  };
  const regenerate = (): void => {
    const last = question();
    if (last === undefined || !canWrite) return;
    // The HTTP API has no regeneration, so the command sends the question again.
    if (isKeptInstead({ method: 'POST', path: '/api/agent', body: { message: last.content, session: model.session } })) return;
    const { id, content, attachments = [] } = last;
    // A recording is transcribed when its message is sent, not when another answer is requested.
    if (isUnheard(last)) sendOnce(content, { replaceFrom: id, attachments });
    else sendOnce(content, { again: id });
  };
  const goOn = (): void => {
    if (!isKeptInstead({ method: 'POST', path: '/api/agent', body: { message: t('continueText'), session: model.session } }))
      sendOnce(t('continueText'));
  };
  const choose = (messageId: string | undefined): void => {
    if (messageId !== undefined && canWrite && !model.isBusy.peek())
      void attempt(() => call('POST', apiPath('/api/sessions/:key/choose', { key: model.session }), { body: { messageId } }));
  };
  const step = (by: -1 | 1): void => {
    const last = [...placeVariants(model.messages.peek()).values()].at(-1);
    if (last !== undefined) choose(neighbour(last, by));
  };
  const send = (content: string, attachments: readonly FileNote[]): void => {
    model.send(content, { ...(attachments.length > 0 && { attachments }), ...(editing && { replaceFrom: editing.messageId }) });
    change(undefined);
  };
  const copyLast = (): void => void copyText(model.messages.peek().findLast(({ role }) => role === 'assistant')?.content ?? '');
  const copyCode = (): void => {
    const said = model.messages.peek().flatMap(({ role, content }) => (role === 'assistant' ? [content] : []));
    const code = said.map(lastCode).findLast((block) => block !== undefined);
    if (code === undefined) showToast({ text: t('noCode') });
    else void copyText(code);
  };
  useCommands([
    { id: 'edit-last', label: t('editLast'), icon: 'edit', run: () => edit() },
    { id: 'regenerate', label: t('regenerate'), icon: 'retry', run: regenerate },
    { id: 'previous-variant', label: t('previousVariant'), icon: 'left', keys: '[', run: () => step(-1) },
    { id: 'next-variant', label: t('nextVariant'), icon: 'right', keys: ']', run: () => step(1) },
    { id: 'copy-code', label: t('copyLastCode'), icon: 'copy', keys: 'y', run: copyCode },
    { id: 'copy-last', label: t('copyLast'), icon: 'copy', keys: 'mod+shift+c', run: copyLast },
  ]);
  return { editing, edit, regenerate, goOn, choose, send, change };
}

/** Marks the session as read while it is visible: when it is opened, unless it was read before, and after each answer. */
function useMarkAsRead(model: ChatModel, { value, error }: Resource<SessionTranscript>): void {
  const last = model.isCurrent.value && !model.isAnswering.value ? model.messages.value.at(-1) : undefined;
  const seq = last === undefined || last.role === 'user' ? undefined : last.seq;
  const openedAt = useRef<number>(undefined);
  const isUnread = value === undefined ? error !== undefined : value.session.unread;
  useEffect(() => {
    if (seq === undefined || (value === undefined && error === undefined)) return undefined;
    openedAt.current ??= seq;
    if (!isUnread && seq === openedAt.current) return undefined;
    const mark = (): void => {
      if (document.visibilityState !== 'visible') return;
      document.removeEventListener('visibilitychange', mark);
      // After a failure the session stays unread, which loses nothing.
      call('PATCH', apiPath('/api/sessions/:key', { key: model.session }), { body: { unread: false }, isAction: false }).catch(
        () => undefined,
      );
    };
    document.addEventListener('visibilitychange', mark);
    mark();
    return () => document.removeEventListener('visibilitychange', mark);
  }, [model, seq, isUnread, value === undefined]);
}

/** Text that was not sent goes into the box of a new chat. */
function GoneChat({ model }: { model: ChatModel }) {
  useLayoutEffect(() => {
    if (rescueText(model.outbox)) navigate(hashOf('chat'), { replace: true });
  }, []);
  const action = <Button kind="primary" text={shell('newChat')} onClick={() => navigate(hashOf('chat'))} />;
  return <Empty title={t('gone')} icon="chat" action={action} />;
}

function Conversation({ session, isBare }: { session: string; isBare: boolean }) {
  const model = useMemo(() => openChats.model(session), [session]);
  useLayoutEffect(() => openChats.show(model), [model]);
  useEffect(loadMarkdown, []);
  const [, channel = ''] = session.split(':');
  const mayChat = connection.value.kind !== 'refused';
  const canWrite = channel === 'webchat' && mayChat;
  const { editing, edit, regenerate, goOn, choose, send, change } = useActions(model, canWrite);
  const draftFiles = useDraftFiles(session);
  const own = useSession(model);
  useMarkAsRead(model, own);
  const models = useModels();
  const head = !isBare && <ChatHead current={session} own={own} />;
  if (model.error.value?.code === 'SESSION_NOT_FOUND') {
    return (
      <div class="conversation">
        {head}
        <GoneChat model={model} />
      </div>
    );
  }
  const copy = (messageId?: string): void => void attemptOnce(`fork ${session} ${messageId}`, () => fork(session, messageId));
  return (
    <FileDrop onFiles={canWrite ? draftFiles.add : undefined}>
      {head}
      <Transcript
        {...{ model, canWrite, regenerate, goOn, choose, edit }}
        loadOlder={() => void attempt(() => model.readOlder())}
        fork={({ id }) => copy(id)}
      />
      {canWrite ? (
        <Composer
          {...{ models, model, own, editing, draftFiles }}
          queue={model}
          draftName={session}
          note={waitingSessions.value.has(session) ? t('waitsForDecision') : undefined}
          onEdit={change}
          onEditLast={() => edit()}
          onSend={send}
        />
      ) : !mayChat ? (
        <p class="read-only">{t('mayNotChat')}</p>
      ) : (
        <p class="read-only">
          {t('readOnly', { channel: channelName(channel) })} <Button icon="fork" text={t('continueHere')} onClick={() => copy()} />
        </p>
      )}
    </FileDrop>
  );
}

export default function ChatView() {
  const { parts, query } = address.value;
  const [session] = parts;
  const isBare = query['bare'] === '1';
  useCommands([{ id: 'new-chat', label: shell('newChat'), icon: 'plus', keys: 'mod+shift+o', run: () => navigate(hashOf('chat')) }]);
  return (
    <section class="chat">
      <h1 class="off-screen">{shell('chat')}</h1>
      {!isBare && <ChatList current={session} />}
      {session === undefined ? <NewChat isBare={isBare} /> : <Conversation key={session} session={session} isBare={isBare} />}
    </section>
  );
}
