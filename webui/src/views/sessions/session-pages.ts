/** Pages of the list of sessions, each read by itself, as one list without gaps and doubles. */
import type { z } from 'zod';
import type { listedSession } from '../../../../shared/api/sessions.js';

type Session = z.output<ReturnType<typeof listedSession>>;

export interface Page {
  /** Where it begins; undefined: at the top. */
  readonly cursor: string | undefined;
  readonly sessions: readonly Session[];
  /** Where the next one begins; null: there is none. */
  readonly next: string | null;
}

/** As the gateway sorts: archived ones last, pinned ones first, then the newest. Negative: `one` comes first. */
function order(one: Session, other: Session): number {
  const archived = Number(one.archived) - Number(other.archived);
  const pinned = Number(other.pinned) - Number(one.pinned);
  return archived || pinned || Date.parse(other.updatedAt) - Date.parse(one.updatedAt);
}

/** @returns whether a page that was read again goes on to where the next one began, so that nothing is missing between the two */
function meets(fresh: Page, next: Session | undefined): boolean {
  const last = fresh.sessions.at(-1);
  if (last === undefined || next === undefined || fresh.next === null) return false;
  const same = fresh.sessions.find(({ key }) => key === next.key);
  return order(next, last) < 0 || (same !== undefined && order(same, next) === 0);
}

/** Puts a page that was read again in its place. What would not follow it without a gap is read again when it is wanted. */
export function withPage(pages: readonly Page[], index: number, fresh: Page): readonly Page[] {
  const rest = meets(fresh, pages[index + 1]?.sessions[0]) ? pages.slice(index + 1) : [];
  return [...pages.slice(0, index), fresh, ...rest];
}

/** One that has moved is in two pages until both are read again: the first is right. */
export function distinct(pages: readonly Page[]): readonly Session[] {
  const seen = new Map<string, Session>();
  for (const { sessions } of pages) for (const session of sessions) if (!seen.has(session.key)) seen.set(session.key, session);
  return [...seen.values()];
}
