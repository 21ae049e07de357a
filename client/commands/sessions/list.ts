import { Command, Option } from 'clipanion';
import { BaseCommand } from '../../cli/base-command.js';
import { formatDuration } from '../../output/duration.js';
import { renderTable } from '../../output/table.js';
import { parseLimit } from '../../cli/parse-options.js';
import type { SessionDocument, SessionPage } from '../../../shared/api/sessions.js';

const LIMITS = { default: 20, max: 200 };
const WIDTHS = [Infinity, Infinity, 16, 60];

/** A gateway that is older than this command says nothing of it. */
type Shelf = Partial<Pick<SessionDocument, 'pinned' | 'archived' | 'unread' | 'tags'>>;

/** Behind the title: what is special about a session. */
function marksOf({ pinned, archived, unread, tags = [] }: Shelf): string {
  const marks = [
    ...(pinned === true ? ['pinned'] : []),
    ...(archived === true ? ['archived'] : []),
    ...(unread === true ? ['unread'] : []),
    ...tags.map((tag) => `#${tag}`),
  ];
  return marks.length === 0 ? '' : ` (${marks.join(', ')})`;
}

export class SessionListCommand extends BaseCommand {
  static override readonly paths = [['sessions'], ['sessions', 'list']];
  static override readonly usage = Command.Usage({
    category: 'Sessions',
    description: 'List or search conversations: pinned ones first, then newest first.',
    details: `
      What is searched for are words of titles and messages, and filters: from:telegram, after:2026-11-01 (or after:7d), before:, model:,
      agent:, tag:, is:pinned, is:unread, is:archived, is:answering, is:any. A minus in front turns one round: -tag:work.
    `,
    examples: [
      ['The last ones', 'xopc sessions'],
      ['Those in which something was said', 'xopc sessions --search invoice'],
      ['Unread ones of a channel, of the last week', "xopc sessions --search 'from:telegram is:unread after:7d'"],
      ['Those that were deleted and can be brought back', 'xopc sessions --deleted'],
    ],
  });

  readonly search = Option.String('--search', { description: 'Only those whose title or messages contain this; filters are allowed.' });
  readonly deleted = Option.Boolean('--deleted', false, { description: 'Those deleted in the last seven days.' });
  readonly limit = Option.String('-n,--limit', { description: `How many, 1 to ${LIMITS.max}; default ${LIMITS.default}.` });
  readonly cursor = Option.String('--cursor', { description: 'Continue after a page: its `nextCursor`.' });

  protected async run(): Promise<number> {
    const query = new URLSearchParams({ limit: String(parseLimit(this.limit, LIMITS)) });
    if (this.search !== undefined) query.set('search', this.search);
    if (this.deleted) query.set('deleted', 'true');
    if (this.cursor !== undefined) query.set('cursor', this.cursor);
    const api = await this.connect();
    const page = await api.call<SessionPage>({ method: 'GET', path: `/api/sessions?${query.toString()}` });
    if (this.json) await this.printJson({ sessions: page.sessions, nextCursor: page.nextCursor });
    else await this.#print(page);
    return 0;
  }

  async #print({ sessions, nextCursor }: SessionPage): Promise<void> {
    if (sessions.length === 0) return this.note('There are no such sessions.');
    const nowMs = Date.now();
    const rows = sessions.map(({ key, messageCount, updatedAt, title, ...shelf }) => [
      key,
      String(messageCount),
      `${formatDuration(nowMs - Date.parse(updatedAt))} ago`,
      title + marksOf(shelf),
    ]);
    await this.printLine(renderTable([['KEY', 'MESSAGES', 'CHANGED', 'TITLE'], ...rows], WIDTHS));
    if (nextCursor !== null) await this.note(`There are more: --cursor ${nextCursor}`);
    if (this.deleted) await this.note('Restore one with: xopc sessions restore KEY');
  }
}
