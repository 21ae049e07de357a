import { Command, Option } from 'clipanion';
import type { Answer } from '../../../shared/api/fields.js';
import type { OutgoingDocument, outgoingListResponse } from '../../../shared/api/messages.js';
import { definedFields } from '../../../shared/fields.js';
import { shellCommand } from '../../../shared/text/shell-word.js';
import { ListCommand } from '../../cli/list-command.js';
import { formatDuration } from '../../output/duration.js';
import { parseLimit } from '../../cli/parse-options.js';
import { checkStatus, describeChat } from './outgoing-message.js';

const LIMITS = { default: 20, max: 200 };

type Page = Answer<typeof outgoingListResponse>;

function renderRow(message: OutgoingDocument, nowMs: number): string[] {
  const age = `${formatDuration(nowMs - Date.parse(message.createdAt))} ago`;
  return [message.id, message.status, age, describeChat(message), message.content, message.error ?? ''];
}

export class MessageListCommand extends ListCommand {
  static override readonly usage = Command.Usage({
    category: 'Messages',
    description: 'List messages for chats with their delivery status, newest first.',
    details: `
      queued, sending and retry_wait continue automatically. dead: the receiver refused it, or it could not be delivered within a day. unknown: it may have arrived, and the receiver would not detect a duplicate, so it is not sent again automatically.
    `,
    examples: [
      ['Recent messages', 'xopc messages'],
      ['Those that need a decision', 'xopc messages --status unknown'],
      ['More of one channel, as JSON', 'xopc messages list --channel telegram --limit 200 --json'],
    ],
  });

  readonly status = Option.String('--status', { description: 'Only these: queued, sending, retry_wait, delivered, unknown or dead.' });
  readonly channel = Option.String('--channel', { description: 'Only those of this channel.' });
  readonly limit = Option.String('-n,--limit', { description: `How many, 1 to ${LIMITS.max}; default ${LIMITS.default}.` });
  readonly cursor = Option.String('--cursor', { description: 'Continue after a page: its `nextCursor`.' });

  protected async run(): Promise<number> {
    const limit = String(parseLimit(this.limit, LIMITS));
    const status = this.status === undefined ? undefined : checkStatus(this.status);
    const query = new URLSearchParams({ limit, ...definedFields({ status, channel: this.channel, cursor: this.cursor }) });
    const { messages, nextCursor } = await this.request<Page>({ method: 'GET', path: `/api/messages?${query.toString()}` });
    const nowMs = Date.now();
    return this.printTable(
      { messages, nextCursor },
      {
        columns: { ID: Infinity, STATUS: Infinity, AGE: 16, CHAT: 40, TEXT: 40, ERROR: 60 },
        rows: messages.map((message) => renderRow(message, nowMs)),
        none: 'No messages found.',
        notes: nextCursor === null ? [] : [`More with: ${shellCommand`--cursor ${nextCursor}`}`],
      },
    );
  }
}
