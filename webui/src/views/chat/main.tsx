/** The chat view: the chats at the side, one conversation, and where the next message is written. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { apiPath, call } from '../../api/client.js';
import { isKeptInstead } from '../../api/copy-mode.js';
import { Button } from '../../components/button.js';
import { copyText } from '../../components/copy.js';
import { Empty, errorText } from '../../components/feedback.js';
import { showToast } from '../../components/toast.js';
import { useCommands } from '../../shell/commands.js';
import { address, hashOf, navigate } from '../../shell/router.js';
import { ChatHead } from './chat-head.js';
import { ChatList } from './chat-list.js';
import { ChatModel, type StoredMessage } from './chat-model.js';
import { Composer, type ComposerProps } from './composer.js';
import { FileDrop } from './file-list.js';
import { type FileNote, handedOver, useDraftFiles } from './files.js';
import { hasProvider, useModels, useSession } from './model-chip.js';
import { readDraft, writeDraft } from './outbox.js';
import { Transcript } from './transcript.js';
import { t } from './text.js';
import { neighbour, placeVariants } from './variants.js';
import './chat.css';

interface SessionAnswer {
  readonly session: { readonly key: string; readonly model: string | null };
}

const chatHash = (key: string): string => hashOf('chat', [key]);

function tell(error: unknown): void {
  showToast({ text: errorText(error), kind: 'error' });
}

async function fork(session: string, messageId: string | undefined): Promise<void> {
  try {
    const path = apiPath('/api/sessions/:key/fork', { key: session });
    const made = await call<SessionAnswer>('POST', path, { body: messageId === undefined ? {} : { messageId } });
    navigate(chatHash(made.session.key));
  } catch (error) {
    tell(error);
  }
}

async function makeSession(): Promise<string> {
  const { session } = await call<SessionAnswer>('POST', '/api/sessions');
  const { key, model } = session;
  // An empty one is given again: a model that was chosen for what was not said there is not meant here.
  if (model !== null) await call('PATCH', apiPath('/api/sessions/:key', { key }), { body: { model: null } });
  return key;
}

/** The first message of a chat makes its session. */
async function begin(content: string): Promise<void> {
  try {
    const session = await makeSession();
    new ChatModel(session).send(content);
    navigate(chatHash(session), { replace: true });
  } catch (error) {
    writeDraft('new', content);
    tell(error);
  }
}

async function chooseVariant(session: string, messageId: string): Promise<void> {
  try {
    await call('POST', apiPath('/api/sessions/:key/choose', { key: session }), { body: { messageId } });
  } catch (error) {
    tell(error);
  }
}

interface OlderAnswer {
  readonly messages: readonly StoredMessage[];
  readonly hasOlder: boolean;
}

async function loadOlder(model: ChatModel): Promise<void> {
  const before = model.messages.peek()[0]?.seq;
  try {
    const older = await call<OlderAnswer>('GET', apiPath('/api/sessions/:key/messages', { key: model.session }, { before }));
    model.prepend(older.messages, older.hasOlder);
  } catch (error) {
    tell(error);
  }
}

/** @returns the last block of code in a text */
function lastCode(text: string): string | undefined {
  return [...text.matchAll(/^(```+|~~~+)[^\n]*\n([\s\S]*?)\n?^\1/gm)].at(-1)?.[2];
}

/** What can be done with the conversation, by button, key and palette. */
function useActions(model: ChatModel, canWrite: boolean) {
  const [editing, setEditing] = useState<ComposerProps['editing']>(undefined);
  const question = (): StoredMessage | undefined => model.messages.peek().findLast(({ role }) => role === 'user');
  const edit = (message = question()): void => {
    if (message !== undefined && canWrite)
      setEditing({ messageId: message.id, content: message.content, files: message.attachments ?? [] });
  };
  const regenerate = (): void => {
    const last = question();
    if (last === undefined || !canWrite) return;
    // Over HTTP the question is asked once more.
    if (isKeptInstead({ method: 'POST', path: '/api/agent', body: { message: last.content, session: model.session } })) return;
    model.send(last.content, { again: last.id });
  };
  const choose = (messageId: string | undefined): void => {
    if (messageId !== undefined && canWrite && !model.isBusy.peek()) void chooseVariant(model.session, messageId);
  };
  const step = (by: -1 | 1): void => {
    const last = [...placeVariants(model.messages.peek()).values()].at(-1);
    if (last !== undefined) choose(neighbour(last, by));
  };
  const send = (content: string, attachments: readonly FileNote[]): void => {
    model.send(content, { ...(attachments.length > 0 && { attachments }), ...(editing && { replaceFrom: editing.messageId }) });
    setEditing(undefined);
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
  return { editing, edit, regenerate, choose, send, cancelEdit: () => setEditing(undefined) };
}

/** What is said while somebody looks at it is read. */
function useMarkAsRead(model: ChatModel): void {
  const last = model.isCurrent.value && model.live.value === undefined ? model.messages.value.at(-1) : undefined;
  const seq = last === undefined || last.role === 'user' ? undefined : last.seq;
  useEffect(() => {
    if (seq === undefined) return undefined;
    const mark = (): void => {
      if (document.visibilityState !== 'visible') return;
      document.removeEventListener('visibilitychange', mark);
      // One that is not marked is shown as unread: nothing is lost.
      call('PATCH', apiPath('/api/sessions/:key', { key: model.session }), { body: { unread: false } }).catch(() => undefined);
    };
    document.addEventListener('visibilitychange', mark);
    mark();
    return () => document.removeEventListener('visibilitychange', mark);
  }, [model, seq]);
}

function GoneChat() {
  const action = (
    <Button kind="primary" onClick={() => navigate(hashOf('chat'))}>
      {t('newChat')}
    </Button>
  );
  return <Empty title={t('gone')} action={action} />;
}

function Conversation({ session, isBare }: { session: string; isBare: boolean }) {
  const model = useMemo(() => new ChatModel(session), [session]);
  useEffect(() => {
    model.open();
    return () => model.close();
  }, [model]);
  useMarkAsRead(model);
  const [, channel = ''] = session.split(':');
  const canWrite = channel === 'webchat';
  const { editing, edit, regenerate, choose, send, cancelEdit } = useActions(model, canWrite);
  const draftFiles = useDraftFiles(session);
  const own = useSession(model);
  if (model.error.value?.code === 'SESSION_NOT_FOUND') return <GoneChat />;
  const copyFrom = (message: StoredMessage): void => void fork(session, message.id);
  return (
    <FileDrop onFiles={canWrite ? draftFiles.add : undefined}>
      {!isBare && <ChatHead current={session} own={own} />}
      <Transcript {...{ model, canWrite, regenerate, choose, edit }} loadOlder={() => void loadOlder(model)} fork={copyFrom} />
      {canWrite ? (
        <Composer
          {...{ model, own, editing, draftFiles }}
          draftName={session}
          onCancelEdit={cancelEdit}
          onEditLast={() => edit()}
          onSend={send}
        />
      ) : (
        <p class="read-only">
          {t('readOnly', { channel })}{' '}
          <Button icon="fork" onClick={() => void fork(session, undefined)}>
            {t('continueHere')}
          </Button>
        </p>
      )}
    </FileDrop>
  );
}

/** Goes on in a session that was made for something else than a message, with what has been written. */
function goOnIn(session: string): void {
  writeDraft(session, readDraft('new'));
  writeDraft('new', '');
  navigate(chatHash(session), { replace: true });
}

/** Files belong to a session: the first one makes it. */
async function beginWith(files: readonly File[]): Promise<void> {
  try {
    const session = await makeSession();
    handedOver.value = { session, files };
    goOnIn(session);
  } catch (error) {
    tell(error);
  }
}

function NewChat({ isBare }: { isBare: boolean }) {
  const models = useModels();
  const hasModel = models === undefined || hasProvider(models);
  const draftFiles = { ...useDraftFiles(undefined), add: (files: readonly File[]) => void beginWith(files) };
  return (
    <FileDrop onFiles={draftFiles.add}>
      {!isBare && <ChatHead current={undefined} own={undefined} />}
      <div class="transcript">
        {hasModel ? (
          <Empty title={t('emptyTitle')}>{t('emptyText')}</Empty>
        ) : (
          <Empty
            title={t('guideTitle')}
            action={
              <Button kind="primary" onClick={() => navigate(hashOf('models'))}>
                {t('guideAction')}
              </Button>
            }
          >
            {t('guideText')}
          </Empty>
        )}
      </div>
      <Composer
        model={undefined}
        own={undefined}
        draftName="new"
        editing={undefined}
        onCancelEdit={() => undefined}
        onEditLast={() => undefined}
        onSend={(content) => void begin(content)}
        onBegun={goOnIn}
        draftFiles={draftFiles}
      />
    </FileDrop>
  );
}

export default function ChatView() {
  const { parts, query } = address.value;
  const [session] = parts;
  const isBare = query['bare'] === '1';
  useCommands([{ id: 'new-chat', label: t('newChat'), icon: 'plus', keys: 'mod+shift+o', run: () => navigate(hashOf('chat')) }]);
  return (
    <section class="chat">
      <h1 class="off-screen">{t('title')}</h1>
      {!isBare && <ChatList current={session} />}
      {session === undefined ? <NewChat isBare={isBare} /> : <Conversation key={session} session={session} isBare={isBare} />}
    </section>
  );
}
