import { Command, Option } from 'clipanion';
import { MAX_TAG_LENGTH, normaliseTag } from '../../../shared/sessions/filters.js';
import type { ApiRequest } from '../../api/api-client.js';
import { BaseCommand } from '../../cli/base-command.js';
import type { SessionDocument } from '../../../shared/api/sessions.js';
import { sessionPath } from './session.js';
import { usage } from '../../cli/usage.js';

/** Maps each verb to its change and the text that reports it. */
const VERBS: Readonly<Record<string, readonly [change: object, done: string]>> = {
  pin: [{ pinned: true }, 'pinned'],
  unpin: [{ pinned: false }, 'no longer pinned'],
  archive: [{ archived: true }, 'archived'],
  unarchive: [{ archived: false }, 'unarchived'],
  read: [{ unread: false }, 'marked as read'],
  unread: [{ unread: true }, 'marked as unread'],
};

export class SessionMarkCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Sessions',
    description: 'Pin, archive or mark conversations as read, or undo it.',
    details: 'Pinned ones come first in every list. Archived ones are listed only by is:archived or is:any, until a new message arrives.',
    examples: [
      ['Always at the top', 'xopc sessions pin main:webchat:default:direct:me'],
      ['Out of the way', 'xopc sessions archive main:webchat:default:direct:me'],
      ['List archived ones', "xopc sessions --search 'is:archived'"],
    ],
  });

  readonly keys = Option.Rest({ name: 'key', required: 1 });

  protected async run(): Promise<number> {
    const paths = this.keys.map(sessionPath);
    const [change, done] = VERBS[this.path[1] ?? ''] ?? [{}, ''];
    const changed: SessionDocument[] = [];
    for (const path of paths)
      changed.push((await this.request<{ session: SessionDocument }>({ method: 'PATCH', path, body: change })).session);
    return this.printResult({ sessions: changed }, changed.map(({ key }) => `${key} ${done}`).join('\n'));
  }
}

function checkTags(option: string, tags: readonly string[]): string[] {
  return tags.map((tag) => {
    const normal = normaliseTag(tag);
    if (normal !== '' && normal.length <= MAX_TAG_LENGTH && !/["\p{Cc}]/u.test(normal)) return normal;
    throw usage(`${option} ${tag.slice(0, 80)} is not a valid tag`, `A tag has 1 to ${MAX_TAG_LENGTH} characters, none of them a quote.`);
  });
}

export class SessionTagCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Sessions',
    description: "Show or change a conversation's tags.",
    examples: [
      ['Add one and remove another', 'xopc sessions tag main:webchat:default:direct:me --add work --remove inbox'],
      ['Find conversations with a tag', "xopc sessions --search 'tag:work'"],
    ],
  });

  readonly add = Option.Array('--add', [], { description: 'A tag to add; may be repeated.' });
  readonly remove = Option.Array('--remove', [], { description: 'A tag to remove; may be repeated.' });
  readonly key = Option.String({ name: 'key' });

  protected async run(): Promise<number> {
    const path = sessionPath(this.key);
    const added = checkTags('--add', this.add);
    const removed = checkTags('--remove', this.remove);
    const isChanged = added.length + removed.length > 0;
    const change: ApiRequest = { method: 'PATCH', path, body: { addTags: added, removeTags: removed } };
    const { session } = await this.request<{ session: SessionDocument }>(isChanged ? change : { method: 'GET', path: `${path}?limit=0` });
    if (this.json || session.tags.length > 0) return this.printResult(session, session.tags.join('\n'));
    await this.io.note('This conversation has no tags.');
    return 0;
  }
}
