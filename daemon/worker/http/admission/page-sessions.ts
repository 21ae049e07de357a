/**
 * Sessions of the page, and links that begin one. A browser holds a random value; stored is its hash together with the token
 * in force, so that a session ends with the token that it was made with.
 */
import { createHmac, randomBytes } from 'node:crypto';
import type { Clock } from '../../../../shared/clock.js';
import type { PageSecret, PageSecretKind } from '../../store/page-secrets.js';

type StoredSecret = Omit<PageSecret, 'expiresAtMs'> & { readonly nowMs: number };

/** Where they are stored. Each method rejects with UNAVAILABLE while the store cannot be used. */
export interface PageSecrets {
  /** Names the cookie, because a browser sends its cookies to every port of a host. */
  gatewayId(): Promise<string>;
  /** Whether it is stored and has not expired. */
  has(secret: StoredSecret): Promise<boolean>;
  add(secret: PageSecret & { readonly nowMs: number }): Promise<void>;
  /** Removes it. @returns whether it was valid: true for one of several callers */
  take(secret: StoredSecret): Promise<boolean>;
}

export interface CookieOptions {
  /** The Cookie header. */
  readonly cookies: string | undefined;
  /** Path before the gateway's own paths, without a final slash. */
  readonly basePath: string;
  /** Whether the browser uses HTTPS. */
  readonly isSecure: boolean;
}

const LIFETIME_MS: Readonly<Record<PageSecretKind, number>> = { session: 30 * 24 * 60 * 60 * 1_000, link: 600_000 };
/** How long a session that was read counts as valid: until then it may have been ended by another worker. */
const KNOWN_MS = 5_000;
const MAX_KNOWN = 256;

export class PageSessions {
  readonly #secrets: PageSecrets;
  readonly #token: () => string;
  readonly #clock: Clock;
  /** Hash of a valid session → when that was read. */
  readonly #known = new Map<string, number>();
  #cookieName: Promise<string> | undefined;

  /** @param deps.token  the token in force */
  constructor(deps: { secrets: PageSecrets; token: () => string; clock: Clock }) {
    this.#secrets = deps.secrets;
    this.#token = deps.token;
    this.#clock = deps.clock;
  }

  /** Makes a link's ticket, valid once within 10 minutes. */
  createLink(): Promise<{ secret: string; expiresAtMs: number }> {
    return this.#create('link');
  }

  /** Takes a link's ticket. @returns whether it was valid and had not been taken before */
  takeLink(ticket: string): Promise<boolean> {
    return this.#secrets.take(this.#stored('link', ticket));
  }

  /**
   * Begins a session, valid for 30 days, and ends the one that the browser had.
   * @returns the Set-Cookie header
   */
  async begin(options: CookieOptions): Promise<string> {
    await this.#end(options.cookies);
    const { secret } = await this.#create('session');
    return this.#setCookie(secret, { ...options, maxAgeMs: LIFETIME_MS.session });
  }

  /** Ends the session of a browser. @returns the Set-Cookie header that removes its cookie */
  async end(options: CookieOptions): Promise<string> {
    await this.#end(options.cookies);
    return this.#setCookie('', { ...options, maxAgeMs: 0 });
  }

  /** Whether a Cookie header has a valid session. */
  async isValid(cookies: string): Promise<boolean> {
    const secret = await this.#secretIn(cookies);
    if (secret === undefined) return false;
    const stored = this.#stored('session', secret);
    const readAtMs = this.#known.get(stored.hash);
    if (readAtMs !== undefined && Math.abs(stored.nowMs - readAtMs) < KNOWN_MS) return true;
    this.#known.delete(stored.hash);
    if (!(await this.#secrets.has(stored))) return false;
    for (const oldest of this.#known.keys()) {
      if (this.#known.size < MAX_KNOWN) break;
      this.#known.delete(oldest);
    }
    this.#known.set(stored.hash, stored.nowMs);
    return true;
  }

  async #end(cookies: string | undefined): Promise<void> {
    const secret = cookies === undefined ? undefined : await this.#secretIn(cookies);
    if (secret === undefined) return;
    const stored = this.#stored('session', secret);
    await this.#secrets.take(stored);
    this.#known.delete(stored.hash);
  }

  async #create(kind: PageSecretKind): Promise<{ secret: string; expiresAtMs: number }> {
    const secret = randomBytes(32).toString('base64url');
    const stored = this.#stored(kind, secret);
    const expiresAtMs = stored.nowMs + LIFETIME_MS[kind];
    await this.#secrets.add({ ...stored, expiresAtMs });
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
