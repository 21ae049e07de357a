/** Controls access: the one-time link admits a browser, which is then recognised by its cookie. Nothing is stored on disk. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../shared/clock.js';
import { sessionCookies } from '../../shared/node/own-origin.js';
import { isSameSecret } from '../../shared/node/secrets/same-secret.js';

const LINK_MS = 600_000;

const secret = (): string => randomBytes(32).toString('base64url');

export class Door {
  /** The ticket after `#link=` in the link. */
  readonly ticket = secret();
  readonly expiresAtMs: number;
  readonly #port: number;
  readonly #clock: Clock;
  readonly #session = secret();
  #isTicketValid = true;

  constructor(port: number, clock: Clock) {
    this.#port = port;
    this.#clock = clock;
    this.expiresAtMs = clock.now() + LINK_MS;
  }

  /** Whether a Host header names this server's own address; another page may have pointed a different name here. */
  isOwnHost(host: string | undefined): boolean {
    return host === `127.0.0.1:${this.#port}` || host === `localhost:${this.#port}`;
  }

  /** Redeems the link's ticket, once. @returns the Set-Cookie header; undefined when the link is wrong, used or expired */
  enter(ticket: string): string | undefined {
    if (!this.#isTicketValid || this.#clock.now() >= this.expiresAtMs || !isSameSecret(ticket, this.ticket)) return undefined;
    this.#isTicketValid = false;
    return `${this.#cookieName}=${this.#session}; Path=/; HttpOnly; SameSite=Strict`;
  }

  isInside(request: IncomingMessage, path: string): boolean {
    const cookies = sessionCookies(request, path)?.split(';') ?? [];
    return cookies.some((cookie) => {
      const [name, value = ''] = cookie.trim().split('=', 2);
      return name === this.#cookieName && isSameSecret(value, this.#session);
    });
  }

  /** Browsers send a cookie to every port of a host. */
  get #cookieName(): string {
    return `xopc_logs_${this.#port}`;
  }
}
