/**
 * Links through this gateway to files on other servers. The credentials for the other server (a bot's token) stay inside the
 * gateway, and nothing is copied before someone opens the link. Pure.
 */

/** A file of a channel's account. */
export interface FileRef {
  readonly channel: string;
  readonly accountId: string;
  /** The other server's id for the file. */
  readonly fileId: string;
}

export interface LinkedFile extends FileRef {
  /** For people, and for the file extension. */
  readonly name: string;
}

export interface FoundLink extends LinkedFile {
  /** Its label in the message. */
  readonly label: string;
  /** Its line number, from 0. */
  readonly line: number;
}

const LINK = /^\[([^\]\n]{1,300})\]\(\/api\/files\/([a-z]{1,32})\/([\w.-]{1,64})\/([\w-]{8,256})\/([\w.-]{1,64})\)$/;
/** Labels that channels give to voice recordings and music, followed by the length if known. */
const RECORDING = /^(?:voice message|audio|video message)\b(?:.*, (\d+(?:\.\d+)?) s\b)?/;
/** Maximum number of files; nobody sends more at once. */
const MAX_LINKS = 20;

export function fileLink({ channel, accountId, fileId, name }: LinkedFile): string {
  return `/api/files/${channel}/${encodeURIComponent(accountId)}/${encodeURIComponent(fileId)}/${encodeURIComponent(name)}`;
}

/** @returns the files that a message links to. Each link is on its own line, preceded at most by the sender's name */
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
