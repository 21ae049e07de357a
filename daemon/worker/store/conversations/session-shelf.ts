/** Where people put a session: pinned, archived, read, tagged. None of it changes when the session was last spoken in. */
import { sql } from 'kysely';
import { queriesOf, type Transaction } from '../transaction.js';

export interface ShelfChange {
  readonly pinned?: boolean;
  readonly archived?: boolean;
  readonly unread?: boolean;
  /** All of them, in order, each once. */
  readonly tags?: readonly string[];
}

/** Runs in a write. */
export async function changeShelf(tx: Transaction, id: number, { pinned, archived, unread, tags }: ShelfChange): Promise<void> {
  const flags = {
    ...(pinned === undefined ? {} : { is_pinned: Number(pinned) }),
    ...(archived === undefined ? {} : { is_archived: Number(archived) }),
    ...(unread === undefined ? {} : { is_unread: Number(unread) }),
    ...(tags === undefined ? {} : { tags: JSON.stringify(tags) }),
  };
  if (Object.keys(flags).length > 0) await queriesOf(tx).updateTable('sessions').set(flags).where('id', '=', id).execute();
  if (tags === undefined) return;
  await queriesOf(tx).deleteFrom('session_tags').where('session_id', '=', id).execute();
  for (const tag of tags) await queriesOf(tx).insertInto('session_tags').values({ tag, session_id: id }).execute();
}

/** @returns up to `limit` tags that are in use, in the order of the alphabet. Each is found by jumping over those of the one before */
export async function listTags(tx: Transaction, limit: number): Promise<string[]> {
  const { rows } = await sql<{ tag: string }>`
    with recursive known (tag) as (
      select min(tag) from session_tags
      union all
      select (select min(tag) from session_tags where session_tags.tag > known.tag) from known where known.tag is not null
    )
    select tag from known where tag is not null limit ${limit}`.execute(queriesOf(tx));
  return rows.map(({ tag }) => tag);
}
