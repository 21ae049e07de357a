/** Creates a link that signs the page in, on this machine or another, without revealing the token. */
import type { CommandIo } from '../cli/command-io.js';
import type { ApiClient } from '../api/api-client.js';

interface PageLink {
  readonly url: string;
  /** ISO 8601. */
  readonly expiresAt: string;
}

/**
 * @param pageUrl  the page's public address, because browsers store data by that address, not by the one called here
 * @throws the API's errors
 */
export async function createPageLink(api: ApiClient, pageUrl: string): Promise<PageLink> {
  const link = await api.call<PageLink>({ method: 'POST', path: '/api/page-links', signal: AbortSignal.timeout(5_000) });
  const { pathname, search, hash } = new URL(link.url);
  return { url: new URL(`${pathname}${search}${hash}`, pageUrl).href, expiresAt: link.expiresAt };
}

interface PrintedLink {
  /** The address without the ticket. */
  readonly pageUrl: string;
  readonly url: string;
  /** Null where the address has no ticket. */
  readonly expiresAt: string | null;
}

/**
 * Prints a link. If stdout is not a terminal and `--json` is not given, it may be a journal or a log that others read, so only the
 * address is printed.
 */
export async function printLink(io: CommandIo, { pageUrl, url, expiresAt }: PrintedLink): Promise<void> {
  if (io.json) return io.printJson({ url, expiresAt });
  if (io.out.isTerminal) return io.printLine(url);
  await io.printLine(pageUrl);
  await io.note('A sign-in link is printed only on a terminal; programs get one with --json.');
}
