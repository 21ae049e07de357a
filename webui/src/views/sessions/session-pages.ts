/** Joins separately read pages of sessions into one list without gaps and duplicates. */
import type { ListedSession as Session } from '../../../../shared/api/sessions.js';

export interface Page {
  /** The cursor of its start; undefined: the top. */
  readonly cursor: string | undefined;
  readonly sessions: readonly Session[];
  /** The cursor of the next page; null: there is none. */
  readonly next: string | null;
}

/** Compares as the gateway sorts: archived sessions last, pinned ones first, then the newest. */
function order(one: Session, other: Session): number {
  const archived = Number(one.archived) - Number(other.archived);
  const pinned = Number(other.pinned) - Number(one.pinned);
  return archived || pinned || Date.parse(other.updatedAt) - Date.parse(one.updatedAt);
}

/** Returns whether a page that was read again reaches the start of the next page, so that nothing is missing between them. */
function meets(fresh: Page, next: Session | undefined): boolean {
  const last = fresh.sessions.at(-1);
  if (last === undefined || next === undefined || fresh.next === null) return false;
  const same = fresh.sessions.find(({ key }) => key === next.key);
  return order(next, last) < 0 || (same !== undefined && order(same, next) === 0);
}

/** Replaces a page that was read again. Pages that do not follow it without a gap are dropped, and read again when needed. */
export function withPage(pages: readonly Page[], index: number, fresh: Page): readonly Page[] {
  const rest = meets(fresh, pages[index + 1]?.sessions[0]) ? pages.slice(index + 1) : [];
  return [...pages.slice(0, index), fresh, ...rest];
}

/** Returns each session once. A moved session is in two pages until both are read again; the first is correct. */
export function distinct(pages: readonly Page[]): readonly Session[] {
  const seen = new Map<string, Session>();
  for (const { sessions } of pages) for (const session of sessions) if (!seen.has(session.key)) seen.set(session.key, session);
  return [...seen.values()];
}
