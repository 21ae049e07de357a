/** Sends one message through an account, and says what became of it. */
import { useEffect, useId, useState } from 'preact/hooks';
import type { Call } from '../../api/client.js';
import { call } from '../../api/client.js';
import { useLiveReload } from '../../api/live-reload.js';
import { useResource } from '../../api/use-resource.js';
import { Button } from '../../components/button.js';
import { CopyAs } from '../../components/copy-as.js';
import { Dialog, DialogActions } from '../../components/dialog.js';
import { ErrorBox } from '../../components/feedback.js';
import { TextField } from '../../components/field.js';
import { t as shell } from '../../shell/text.js';
import { type Channel, readMessage, readMessages } from './channels-api.js';
import { chipOf } from './messages.js';
import { t } from './text.js';

/** While it is on its way, events tell of it; where there is no socket, this does. */
const LOOK_MS = 1_000;

/** A receiver of a webhook makes of a chat id what it likes; a bot can only write to who has written to it. */
const firstChat = (channel: string): string => (channel === 'webhook' ? 'test' : '');

function sendCall({ channel, accountId }: Channel, chat: string, content: string): Call {
  return { method: 'POST', path: '/api/message', body: { channel, accountId, chat_id: chat.trim(), content } };
}

/** Chats that were written to, the newest first. */
function useKnownChats({ channel, accountId }: Channel): readonly string[] {
  const { value } = useResource((signal) => readMessages({ channel }, signal), [channel]);
  const own = value?.messages.filter((message) => message.accountId === accountId) ?? [];
  return [...new Set(own.map(({ chat_id: chat }) => chat))];
}

function Outcome({ id }: { id: string }) {
  const { value, reload } = useResource((signal) => readMessage(id, signal), [id]);
  useLiveReload(['message'], reload, LOOK_MS);
  const { status, error } = value ?? { status: 'queued' as const, error: null };
  return (
    <div class="test-outcome" role="status">
      <p>
        <span class={chipOf(status)}>{t(`status_${status}`)}</span>
      </p>
      {error !== null && <p class="message-error">{error}</p>}
      {status === 'unknown' && <p class="hint">{t('unknownText')}</p>}
    </div>
  );
}

export function TestDialog({ channel, onClose }: { channel: Channel; onClose: () => void }) {
  const name = `${channel.channel}/${channel.accountId}`;
  const [chat, setChat] = useState(firstChat(channel.channel));
  const [content, setContent] = useState(t('testText'));
  const [sent, setSent] = useState<string | undefined>(undefined);
  const [error, setError] = useState<unknown>(undefined);
  const [isBusy, setBusy] = useState(false);
  const known = useKnownChats(channel);
  const listId = useId();
  useEffect(() => {
    if (chat === '' && known[0] !== undefined) setChat(known[0]);
  }, [known.length]);
  const isReady = chat.trim() !== '' && content.trim() !== '';
  const send = (): void => {
    const { method, path, body } = sendCall(channel, chat, content);
    setBusy(true);
    setError(undefined);
    setSent(undefined);
    call<{ message_id: string }>(method, path, { body })
      .then(({ message_id: id }) => setSent(id), setError)
      .finally(() => setBusy(false));
  };
  return (
    <Dialog title={t('testOf', { name })} size="wide" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) send();
        }}
      >
        <TextField
          label={t('testChat')}
          value={chat}
          onInput={setChat}
          hint={t(channel.channel === 'telegram' ? 'testChatTelegram' : 'testChatHint')}
          list={listId}
          autoFocus
          autocomplete="off"
          spellcheck={false}
          required
        />
        <datalist id={listId}>
          {known.map((id) => (
            <option key={id} value={id} />
          ))}
        </datalist>
        <TextField label={t('testContent')} value={content} onInput={setContent} required />
        {error !== undefined && <ErrorBox error={error} />}
        {sent !== undefined && <Outcome key={sent} id={sent} />}
        <DialogActions>
          <CopyAs call={() => sendCall(channel, chat, content)} />
          <Button onClick={onClose}>{shell('close')}</Button>
          <Button kind="primary" type="submit" icon="send" isBusy={isBusy} disabled={!isReady}>
            {t('testSend')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
