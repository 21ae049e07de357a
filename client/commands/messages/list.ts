import { Command, Option } from 'clipanion';
import type { Answer } from '../../../shared/api/fields.js';
import type { OutgoingDocument, outgoingListResponse } from '../../../shared/api/messages.js';
import { BaseCommand } from '../../cli/base-command.js';
import { formatDuration } from '../../output/duration.js';
import { renderTable } from '../../output/table.js';
import { parseLimit } from '../../cli/parse-options.js';
import { checkStatus, describeChat } from './outgoing-message.js';

const LIMITS = { default: 20, max: 200 };
const WIDTHS = [Infinity, Infinity, 16, 40, 40, 60];

type Page = Answer<typeof outgoingListResponse>;

function renderRow(message: OutgoingDocument, nowMs: number): string[] {
  const age = `${formatDuration(nowMs - Date.parse(message.createdAt))} ago`;
  return [message.id, message.status, age, describeChat(message), message.content, message.error ?? ''];
}

export class MessageListCommand extends BaseCommand {
  static override readonly paths = [['messages'], ['messages', 'list']];
  static override readonly usage = Command.Usage({
    category: 'Messages',
    description: 'List messages for chats with their delivery status, newest first.',
    details: `
      queued, sending and retry_wait go on by themselves. dead: the other side refused it, or it took longer than a day.
      unknown: it may have arrived, and the other side would not notice a repetition, so it is not sent again by itself.
    `,
    examples: [
      ['The last ones', 'xopc messages'],
      ['Those that need a decision', 'xopc messages --status unknown'],
      ['More of one channel, as JSON', 'xopc messages list --channel telegram --limit 200 --json'],
    ],
  });

  readonly status = Option.String('--status', { description: 'Only these: queued, sending, retry_wait, delivered, unknown or dead.' });
  readonly channel = Option.String('--channel', { description: 'Only those of this channel.' });
  readonly limit = Option.String('-n,--limit', { description: `How many, 1 to ${LIMITS.max}; default ${LIMITS.default}.` });
  readonly cursor = Option.String('--cursor', { description: 'Continue after a page: its `nextCursor`.' });

  protected async run(): Promise<number> {
    const query = new URLSearchParams({ limit: String(parseLimit(this.limit, LIMITS)) });
    if (this.status !== undefined) query.set('status', checkStatus(this.status));
    if (this.channel !== undefined) query.set('channel', this.channel);
    if (this.cursor !== undefined) query.set('cursor', this.cursor);
    const api = await this.connect();
    const page = await api.call<Page>({ method: 'GET', path: `/api/messages?${query.toString()}` });
    if (this.json) await this.printJson({ messages: page.messages, nextCursor: page.nextCursor });
    else await this.#print(page);
    return 0;
  }

  async #print({ messages, nextCursor }: Page): Promise<void> {
    if (messages.length === 0) return this.note('There are no such messages.');
    const heading = ['ID', 'STATUS', 'AGE', 'CHAT', 'TEXT', 'ERROR'];
    const nowMs = Date.now();
    await this.printLine(renderTable([heading, ...messages.map((message) => renderRow(message, nowMs))], WIDTHS));
    if (nextCursor !== null) await this.note(`There are more: --cursor ${nextCursor}`);
  }
}
