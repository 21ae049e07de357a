/** Sends one message through an account and shows its delivery. */
import { useEffect, useId, useState } from 'preact/hooks';
import type { ChannelDocument } from '../../../../shared/api/channels.js';
import type { Call } from '../../api/client.js';
import { useLiveReload } from '../../api/live-reload.js';
import { useResource } from '../../api/use-resource.js';
import { whyText } from '../../components/feedback/reason-text.js';
import { accountName } from '../../components/channel-name/channel-name.js';
import { TextField } from '../../components/field/field.js';
import { FormDialog } from '../../components/form/form.js';
import { makeOnce } from '../../components/form/make-once.js';
import { t as shell } from '../../shell/text.js';
import { readMessage, readMessages } from './channels-api.js';
import { DeliveryStatus } from './delivery.js';
import { t } from './text.js';

/** Fallback for delivery events while there is no socket. */
const LOOK_MS = 1_000;

/** The receiver of a webhook interprets the chat id as it likes; a bot can write only to chats that have written to it. */
const firstChat = (channel: string): string => (channel === 'webhook' ? 'test' : '');

function sendCall({ channel, accountId }: ChannelDocument, chat: string, content: string): Call {
  return { method: 'POST', path: '/api/message', body: { channel, accountId, chat_id: chat.trim(), content } };
}

/** Returns the chats that received messages, newest first. */
function useKnownChats({ channel, accountId }: ChannelDocument): readonly string[] {
  const { value } = useResource((signal) => readMessages({ channel }, signal), [channel]);
  const own = value?.messages.filter((message) => message.accountId === accountId) ?? [];
  return [...new Set(own.map(({ chat_id: chat }) => chat))];
}

function Outcome({ id }: { id: string }) {
  const { value, refresh } = useResource((signal) => readMessage(id, signal), [id]);
  useLiveReload(['message'], refresh, LOOK_MS);
  const { status, error, why } = value ?? { status: 'queued' as const, error: null };
  return (
    <div class="test-outcome" role="status">
      <p>
        <DeliveryStatus status={status} />
      </p>
      {error !== null && <p class="message-error">{whyText(error, why)}</p>}
      {status === 'unknown' && <p class="hint">{t('unknownText')}</p>}
    </div>
  );
}

export function TestDialog({ channel, onClose }: { channel: ChannelDocument; onClose: () => void }) {
  const name = accountName(channel.channel, channel.accountId);
  const [chat, setChat] = useState(firstChat(channel.channel));
  const [content, setContent] = useState(t('testText'));
  const [sent, setSent] = useState<string | undefined>(undefined);
  const known = useKnownChats(channel);
  const listId = useId();
  useEffect(() => {
    if (chat === '' && known[0] !== undefined) setChat(known[0]);
  }, [known.length]);
  const send = async (): Promise<void> => {
    setSent(undefined);
    setSent((await makeOnce<{ message_id: string }>(sendCall(channel, chat, content))).message_id);
  };
  return (
    <FormDialog
      title={t('testOf', { name })}
      size="wide"
      call={() => sendCall(channel, chat, content)}
      closeText={shell('close')}
      submitText={t('testSend')}
      submitIcon="send"
      isReady={chat.trim() !== '' && content.trim() !== ''}
      onClose={onClose}
      onSubmit={send}
    >
      <TextField
        label={t('testChat')}
        value={chat}
        onInput={setChat}
        hint={t(channel.channel === 'telegram' ? 'testChatTelegram' : 'testChatHint')}
        list={listId}
        autoFocus
        isCode
        required
      />
      <datalist id={listId}>
        {known.map((id) => (
          <option key={id} value={id} />
        ))}
      </datalist>
      <TextField label={t('testContent')} value={content} onInput={setContent} required />
      {sent !== undefined && <Outcome key={sent} id={sent} />}
    </FormDialog>
  );
}
