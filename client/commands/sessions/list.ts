import { Command, Option } from 'clipanion';
import { definedFields } from '../../../shared/fields.js';
import { shellCommand } from '../../../shared/text/shell-word.js';
import { ListCommand } from '../../cli/list-command.js';
import { formatDuration } from '../../output/duration.js';
import { parseLimit } from '../../cli/parse-options.js';
import type { SessionDocument, SessionPage } from '../../../shared/api/sessions.js';

const LIMITS = { default: 20, max: 200 };

/** The marks after the title of a session. */
function marksOf({ pinned, archived, unread, tags }: Pick<SessionDocument, 'pinned' | 'archived' | 'unread' | 'tags'>): string {
  const marks = [
    ...(pinned ? ['pinned'] : []),
    ...(archived ? ['archived'] : []),
    ...(unread ? ['unread'] : []),
    ...tags.map((tag) => `#${tag}`),
  ];
  return marks.length === 0 ? '' : ` (${marks.join(', ')})`;
}

export class SessionListCommand extends ListCommand {
  static override readonly usage = Command.Usage({
    category: 'Sessions',
    description: 'List or search conversations: pinned ones first, then newest first.',
    details: `
      A search takes words of titles and messages, and filters: from:telegram, after:2026-11-01 (or after:7d), before:, model:,
      agent:, tag:, is:pinned, is:unread, is:archived, is:answering, is:any. A leading minus negates a filter: -tag:work.
    `,
    examples: [
      ['Recent conversations', 'xopc sessions'],
      ['Those that contain a word', 'xopc sessions --search invoice'],
      ['Unread ones of a channel, of the last week', "xopc sessions --search 'from:telegram is:unread after:7d'"],
      ['Deleted ones that can be restored', 'xopc sessions --deleted'],
    ],
  });

  readonly search = Option.String('--search', { description: 'Only those whose title or messages contain this; filters are allowed.' });
  readonly deleted = Option.Boolean('--deleted', false, { description: 'Those deleted in the last seven days.' });
  readonly limit = Option.String('-n,--limit', { description: `How many, 1 to ${LIMITS.max}; default ${LIMITS.default}.` });
  readonly cursor = Option.String('--cursor', { description: 'Continue after a page: its `nextCursor`.' });

  protected async run(): Promise<number> {
    const { search, deleted, cursor } = this;
    const limit = String(parseLimit(this.limit, LIMITS));
    const query = new URLSearchParams({ limit, ...definedFields({ search, deleted: deleted ? 'true' : undefined, cursor }) });
    const { sessions, nextCursor } = await this.request<SessionPage>({ method: 'GET', path: `/api/sessions?${query.toString()}` });
    const more = nextCursor === null ? [] : [`More with: ${shellCommand`--cursor ${nextCursor}`}`];
    const nowMs = Date.now();
    return this.printTable(
      { sessions, nextCursor },
      {
        columns: { KEY: Infinity, MESSAGES: Infinity, CHANGED: 16, TITLE: 60 },
        rows: sessions.map(({ key, messageCount, updatedAt, title, ...shelf }) => [
          key,
          String(messageCount),
          `${formatDuration(nowMs - Date.parse(updatedAt))} ago`,
          title + marksOf(shelf),
        ]),
        none: 'No sessions found.',
        notes: [...more, ...(deleted ? ['Restore one with: xopc sessions restore KEY'] : [])],
      },
    );
  }
}
