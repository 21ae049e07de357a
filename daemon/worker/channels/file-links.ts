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

export interface FoundLink extends LinkedFile {
  /** What it is called in the message. */
  readonly label: string;
  /** The line that it is, counted from 0. */
  readonly line: number;
}

const LINK = /^\[([^\]\n]{1,300})\]\(\/api\/files\/([a-z]{1,32})\/([\w.-]{1,64})\/([\w-]{8,256})\/([\w.-]{1,64})\)$/;
/** How channels call what people have said into a microphone, and music; then its length, where it is known. */
const RECORDING = /^(?:voice message|audio|video message)\b(?:.*, (\d+(?:\.\d+)?) s\b)?/;
/** More than anybody sends at once. */
const MAX_LINKS = 20;

export function fileLink({ channel, accountId, fileId, name }: LinkedFile): string {
  return `/api/files/${channel}/${encodeURIComponent(accountId)}/${encodeURIComponent(fileId)}/${encodeURIComponent(name)}`;
}

/** @returns the files that a message links to: each link is a line of its own, after at most the sender's name */
export function findFileLinks(content: string): FoundLink[] {
  const found: FoundLink[] = [];
  if (!content.includes('](/api/files/')) return found;
  for (const [line, text] of content.split('\n').entries()) {
    const [, label, channel, accountId, fileId, name] = LINK.exec(text.replace(/^\[[^\]]{0,100}\] (?=\[)/, '')) ?? [];
    if (label === undefined || channel === undefined || accountId === undefined || fileId === undefined || name === undefined) continue;
    found.push({ label, line, channel, accountId, fileId, name });
    if (found.length === MAX_LINKS) break;
  }
  return found;
}

/** Returns the recordings that a message links to, with their length in seconds. */
export function findRecordings(content: string): (FoundLink & { readonly seconds: number | undefined })[] {
  return findFileLinks(content).flatMap((link) => {
    const found = RECORDING.exec(link.label);
    return found === null ? [] : [{ ...link, seconds: found[1] === undefined ? undefined : Number(found[1]) }];
  });
}
