/**
 * Sessions of the page, and links that start them. The browser holds a random value; the store has a hash of it and of the
 * gateway's token in force, so a session ends when that token changes. A session created with an access token, or with a link of
 * one, also ends with that token and has only its rights.
 */
import { createHmac, randomBytes } from 'node:crypto';
import type { Clock } from '../../../../shared/clock.js';
import type { AccessToken, AccessTokens } from '../../access/access-tokens.js';
import type { PageSecrets } from '../../access/stored-secrets.js';
import type { PageSecretKind, StoredSecret } from '../../store/access/page-secrets.js';

export interface CookieOptions {
  /** The Cookie header. */
  readonly cookies: string | undefined;
  /** Path prefix of the gateway, without a trailing slash. */
  readonly basePath: string;
  /** Whether the browser uses HTTPS. */
  readonly isSecure: boolean;
}

const LIFETIME_MS: Readonly<Record<PageSecretKind, number>> = { session: 30 * 24 * 60 * 60 * 1_000, link: 600_000 };
/** How long a loaded session counts as valid without a check; another worker may have ended it. */
const KNOWN_MS = 5_000;
const MAX_KNOWN = 256;

/** @see PageSessions.find */
export interface PageSession {
  /** The access token that it was created with; undefined: the gateway's own. */
  readonly access: AccessToken | undefined;
}

interface KnownSession {
  readonly tokenId: string | null;
  readonly readAtMs: number;
}

export class PageSessions {
  readonly #secrets: PageSecrets;
  readonly #tokens: Pick<AccessTokens, 'findById'>;
  readonly #token: () => string;
  readonly #clock: Clock;
  /** By the hash of a valid session. */
  readonly #known = new Map<string, KnownSession>();
  #cookieName: Promise<string> | undefined;

  /** @param deps.token  the gateway's own token in force */
  constructor(deps: { secrets: PageSecrets; tokens: Pick<AccessTokens, 'findById'>; token: () => string; clock: Clock }) {
    this.#secrets = deps.secrets;
    this.#tokens = deps.tokens;
    this.#token = deps.token;
    this.#clock = deps.clock;
  }

  /** Creates a link's ticket, valid once within 10 minutes. @param access  the access token of the caller */
  createLink(access: AccessToken | undefined): Promise<{ secret: string; expiresAtMs: number }> {
    return this.#create('link', access?.id);
  }

  /** Redeems a link's ticket. @returns the session to start; undefined unless the ticket was valid and unused */
  async takeLink(ticket: string): Promise<PageSession | undefined> {
    return this.#sessionOf(await this.#secrets.take(this.#stored('link', ticket)));
  }

  /**
   * Starts a session, valid for 30 days, and ends the browser's previous one.
   * @returns the Set-Cookie header
   */
  async begin(options: CookieOptions, { access }: PageSession): Promise<string> {
    await this.#end(options.cookies);
    const { secret } = await this.#create('session', access?.id);
    return this.#setCookie(secret, { ...options, maxAgeMs: LIFETIME_MS.session });
  }

  /** Ends the session of a browser. @returns the Set-Cookie header that removes its cookie */
  async end(options: CookieOptions): Promise<string> {
    await this.#end(options.cookies);
    return this.#setCookie('', { ...options, maxAgeMs: 0 });
  }

  /** Returns the valid session in a Cookie header. */
  async find(cookies: string): Promise<PageSession | undefined> {
    const secret = await this.#secretIn(cookies);
    return this.#sessionOf(secret === undefined ? undefined : await this.#read(this.#stored('session', secret)));
  }

  /** @returns undefined as well once the access token has ended */
  async #sessionOf(stored: Pick<KnownSession, 'tokenId'> | undefined): Promise<PageSession | undefined> {
    if (stored === undefined) return undefined;
    if (stored.tokenId === null) return { access: undefined };
    const access = await this.#tokens.findById(stored.tokenId);
    return access === undefined ? undefined : { access };
  }

  async #read(stored: StoredSecret): Promise<KnownSession | undefined> {
    const last = this.#known.get(stored.hash);
    if (last !== undefined && Math.abs(stored.nowMs - last.readAtMs) < KNOWN_MS) return last;
    this.#known.delete(stored.hash);
    const found = await this.#secrets.find(stored);
    if (found === undefined) return undefined;
    for (const oldest of this.#known.keys()) {
      if (this.#known.size < MAX_KNOWN) break;
      this.#known.delete(oldest);
    }
    const known = { tokenId: found.tokenId, readAtMs: stored.nowMs };
    this.#known.set(stored.hash, known);
    return known;
  }

  async #end(cookies: string | undefined): Promise<void> {
    const secret = cookies === undefined ? undefined : await this.#secretIn(cookies);
    if (secret === undefined) return;
    const stored = this.#stored('session', secret);
    await this.#secrets.take(stored);
    this.#known.delete(stored.hash);
  }

  async #create(kind: PageSecretKind, tokenId: string | null = null): Promise<{ secret: string; expiresAtMs: number }> {
    const secret = randomBytes(32).toString('base64url');
    const stored = this.#stored(kind, secret);
    const expiresAtMs = stored.nowMs + LIFETIME_MS[kind];
    await this.#secrets.add({ ...stored, expiresAtMs, tokenId });
    return { secret, expiresAtMs };
  }

  #stored(kind: PageSecretKind, secret: string): StoredSecret {
    return { kind, hash: createHmac('sha256', this.#token()).update(secret).digest('base64url'), nowMs: this.#clock.now() };
  }

  async #secretIn(cookies: string): Promise<string | undefined> {
    const name = `${await this.#readCookieName()}=`;
    const found = cookies.split(';').find((cookie) => cookie.trimStart().startsWith(name));
    const secret = found?.trim().slice(name.length);
    return secret === undefined || !/^[\w-]{43}$/.test(secret) ? undefined : secret;
  }

  async #setCookie(secret: string, options: CookieOptions & { maxAgeMs: number }): Promise<string> {
    const { basePath, isSecure, maxAgeMs } = options;
    const attributes = `Path=${basePath}/; Max-Age=${maxAgeMs / 1_000}; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`;
    return `${await this.#readCookieName()}=${secret}; ${attributes}`;
  }

  #readCookieName(): Promise<string> {
    this.#cookieName ??= this.#secrets.gatewayId().then(
      (id) => `xopc_${id}`,
      (error: unknown) => {
        this.#cookieName = undefined;
        throw error;
      },
    );
    return this.#cookieName;
  }
}
