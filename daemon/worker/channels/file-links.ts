/**
 * Links of this gateway to files on other servers. They keep the credentials that open a file there (a bot's token) inside the
 * gateway, and nothing is copied before somebody opens the link. Pure.
 */

/** A file of a channel's account. */
export interface FileRef {
  readonly channel: string;
  readonly accountId: string;
  /** The other server's own name for it. */
  readonly fileId: string;
}

export interface LinkedFile extends FileRef {
  /** For people and for the name's ending. */
  readonly name: string;
}

const LINK = /^\[[^\]\n]{1,300}\]\(\/api\/files\/([a-z]{1,32})\/([\w.-]{1,64})\/([\w-]{8,256})\/([\w.-]{1,64})\)$/;
/** More than anybody sends at once. */
const MAX_LINKS = 20;

export function fileLink({ channel, accountId, fileId, name }: LinkedFile): string {
  return `/api/files/${channel}/${encodeURIComponent(accountId)}/${encodeURIComponent(fileId)}/${encodeURIComponent(name)}`;
}

/** @returns the files that a message links to: each link is a line of its own, after at most the sender's name */
export function findFileLinks(content: string): LinkedFile[] {
  const found: LinkedFile[] = [];
  if (!content.includes('](/api/files/')) return found;
  for (const line of content.split('\n')) {
    const [, channel, accountId, fileId, name] = LINK.exec(line.replace(/^\[[^\]]{0,100}\] (?=\[)/, '')) ?? [];
    if (channel === undefined || accountId === undefined || fileId === undefined || name === undefined) continue;
    found.push({ channel, accountId, fileId, name });
    if (found.length === MAX_LINKS) break;
  }
  return found;
}
