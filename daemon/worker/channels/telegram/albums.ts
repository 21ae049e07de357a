/** Photos and files that were sent together come as updates of their own; they are one message. Pure. */
import type { Message, Update } from './bot-api.js';

/** An update with the messages that were sent together with its own. */
export interface GatheredUpdate {
  readonly update: Update;
  readonly rest: readonly Message[];
}

/** The ids are Telegram's own, so that no two chats have one together. */
const albumOf = ({ message }: Update): string | undefined => message?.media_group_id;

/** What is said of an album stands with one of its parts. */
const isSaid = ({ message }: Update): boolean => message?.caption !== undefined;

/** @returns the updates in their order, an album as its first part or the one with the words */
export function gatherAlbums(updates: readonly Update[]): GatheredUpdate[] {
  const albums = new Map<string, Update[]>();
  const gathered: { update: Update; album: Update[] }[] = [];
  for (const update of updates) {
    const key = albumOf(update);
    const album = key === undefined ? undefined : albums.get(key);
    if (album !== undefined) {
      album.push(update);
      continue;
    }
    const fresh = [update];
    if (key !== undefined) albums.set(key, fresh);
    gathered.push({ update, album: fresh });
  }
  return gathered.map(({ update, album }) => {
    const lead = album.find(isSaid) ?? update;
    return { update: lead, rest: album.flatMap((part) => (part === lead || part.message === undefined ? [] : [part.message])) };
  });
}

/** Whether more of an album may be on its way. */
export function mayGrow(updates: readonly Update[]): boolean {
  const last = updates.at(-1);
  return last !== undefined && albumOf(last) !== undefined;
}
