/** Messages to chats: a table, filtered by status, and one of them in a drawer. */
import type { OutgoingDocument as Message } from '../../../../shared/api/messages.js';
import { oneLine } from '../../../../shared/text/one-line.js';
import { useLiveReload } from '../../api/live-reload.js';
import { type ItemPage, usePages } from '../../api/use-pages.js';
import { useResource } from '../../api/use-resource.js';
import { Button } from '../../components/button/button.js';
import { accountName, channelName } from '../../components/channel-name/channel-name.js';
import { whyText } from '../../components/feedback/reason-text.js';
import { Empty, Filtered, Loaded } from '../../components/feedback/feedback.js';
import { titleText } from '../../components/markdown/plain-text.js';
import { Segmented } from '../../components/segmented/segmented.js';
import { Table } from '../../components/table/table.js';
import { Ago } from '../../components/time-text/time-text.js';
import { language } from '../../i18n/language.js';
import { address, changeQuery, hashOf, navigate } from '../../shell/router.js';
import { countMessages, readMessages } from './channels-api.js';
import { DeliveryStatus } from './delivery.js';
import { MessageDrawer } from './message-drawer.js';
import { t } from './text.js';

const FILTERS = ['queued', 'retry_wait', 'dead', 'unknown', 'delivered'] as const;
const PREVIEW_LENGTH = 160;

/** The characters of which a preview is made: most of a message may be marks of Markdown. */
const READ_LENGTH = 1_000;

function previewOf(content: string): string {
  return oneLine(titleText(content.slice(0, READ_LENGTH)), PREVIEW_LENGTH);
}

/** A page chat is named by its session, whose key means nothing to people. */
function Chat({ channel, accountId, chat }: Pick<Message, 'channel' | 'accountId'> & { chat: string }) {
  const name = accountName(channel, accountId);
  if (chat.includes(`:${channel}:`)) return <a href={hashOf('chat', [chat])}>{name}</a>;
  return (
    <>
      {name}{' '}
      <code class="muted" title={chat}>
        {chat}
      </code>
    </>
  );
}

function Row({ message }: { message: Message }) {
  const { id, status, channel, accountId, chat_id: chat, content, error, why, createdAt } = message;
  const { query } = address.value;
  return (
    <tr class="outgoing-row">
      <td>
        <DeliveryStatus status={status} />
      </td>
      <td class="outgoing-cell">
        <a href={hashOf('channels', ['messages', id], query)}>{previewOf(content)}</a>
        {error !== null && status !== 'delivered' && <small class="message-error">{whyText(error, why)}</small>}
      </td>
      <td class="outgoing-chat">
        <Chat {...{ channel, accountId, chat }} />
      </td>
      <Ago as="td" class="number muted" at={createdAt} />
    </tr>
  );
}

type Counts = Awaited<ReturnType<typeof countMessages>>;

function Filter({ status, counts }: { status: string; counts: Counts | undefined }) {
  const noteOf = (one: (typeof FILTERS)[number]): string | undefined => {
    const count = counts?.[one] ?? 0;
    return one === 'delivered' || count === 0 ? undefined : count.toLocaleString(language.value);
  };
  return (
    <div class="scrolled outgoing-filter">
      <Segmented
        label={t('statusFilter')}
        value={status}
        choices={[
          { value: '', label: t('anyStatus') },
          ...FILTERS.map((one) => ({ value: one, label: t(`status_${one}`), note: noteOf(one) })),
        ]}
        onChange={(next) => changeQuery({ status: next })}
      />
    </div>
  );
}

interface ListProps {
  readonly page: ItemPage<Message>;
  readonly isFiltered: boolean;
  readonly onMore: () => void;
}

function List({ page: { items, nextCursor }, isFiltered, onMore }: ListProps) {
  if (items.length === 0) {
    return (
      <Empty
        icon="send"
        title={t('noMessages')}
        action={isFiltered && <Button text={t('showEvery')} onClick={() => changeQuery({ status: undefined, channel: undefined })} />}
      >
        {t(isFiltered ? 'noMatchText' : 'noMessagesText')}
      </Empty>
    );
  }
  return (
    <>
      <Table
        label={t('messages')}
        columns={[
          { key: 'status', name: t('status') },
          { key: 'message', name: t('message') },
          { key: 'chat', name: t('chat') },
          { key: 'at', name: t('accepted'), isNumber: true },
        ]}
      >
        {items.map((message) => (
          <Row key={message.id} message={message} />
        ))}
      </Table>
      {nextCursor !== null && <Button text={t('older')} onClick={onMore} />}
    </>
  );
}

export function Messages() {
  const { parts, query } = address.value;
  const { status, channel } = query;
  const [, openId] = parts;
  const { value, isEarlier, error, reload, refresh, more } = usePages(
    async (cursor, signal) => {
      const page = await readMessages({ status, channel, cursor }, signal);
      return { items: page.messages, nextCursor: page.nextCursor };
    },
    [status, channel],
  );
  const counts = useResource(countMessages, []);
  const reloadAll = (): void => {
    reload();
    counts.reload();
  };
  useLiveReload(['message'], () => {
    refresh();
    counts.refresh();
  });
  const isFiltered = status !== undefined || channel !== undefined;
  return (
    <>
      <div class="row">
        <Filter status={status ?? ''} counts={counts.value} />
        {channel !== undefined && <Button icon="close" text={channelName(channel)} onClick={() => changeQuery({ channel: undefined })} />}
      </div>
      <Loaded of={{ value, error, reload }} lines={6} />
      {value !== undefined && (
        <Filtered isEarlier={isEarlier}>
          <List page={value} isFiltered={isFiltered} onMore={more} />
        </Filtered>
      )}
      {openId !== undefined && (
        <MessageDrawer key={openId} id={openId} onClose={() => navigate(hashOf('channels', ['messages'], query))} onChange={reloadAll} />
      )}
    </>
  );
}
