/** Joins photos and files that were sent together: Telegram delivers each as its own update. Pure. */
import type { Message, Update } from './api/bot-answers.js';

/** An update with the other messages of its album. */
export interface GatheredUpdate {
  readonly update: Update;
  readonly rest: readonly Message[];
}

/** Telegram's album ids are unique across all chats. */
const albumOf = ({ message }: Update): string | undefined => message?.media_group_id;

/** The caption of an album belongs to one of its parts. */
const isSaid = ({ message }: Update): boolean => message?.caption !== undefined;

/** Returns the updates in their order; an album becomes the part with the caption, or its first part. */
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

/** Returns the number of updates that are parts of albums, of which more may follow. */
export function countParts(updates: readonly Update[]): number {
  return updates.filter((update) => albumOf(update) !== undefined).length;
}
