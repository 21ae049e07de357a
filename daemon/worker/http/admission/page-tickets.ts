/** One-time tickets for links to the page, in memory: at most 64, valid for 10 minutes, each taken at most once. */
import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '../../../../shared/clock.js';

/** Beyond this number the oldest ticket is dropped. */
const MAX_TICKETS = 64;
const LIFETIME_MS = 600_000;

/** Tickets are looked up by digest, so that the time of a lookup reveals nothing about a ticket. */
const keyOf = (ticket: string): string => createHash('sha256').update(ticket).digest('base64');

export class PageTickets {
  readonly #clock: Clock;
  readonly #expiresAtMs = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A new ticket, valid for 10 minutes. */
  create(): { ticket: string; expiresAtMs: number } {
    const ticket = randomBytes(32).toString('base64url');
    const expiresAtMs = this.#clock.now() + LIFETIME_MS;
    this.#expiresAtMs.set(keyOf(ticket), expiresAtMs);
    for (const key of this.#expiresAtMs.keys()) {
      if (this.#expiresAtMs.size <= MAX_TICKETS) break;
      this.#expiresAtMs.delete(key);
    }
    return { ticket, expiresAtMs };
  }

  /** Takes a ticket. @returns whether it was valid and had not been taken before */
  take(ticket: string): boolean {
    const key = keyOf(ticket);
    const expiresAtMs = this.#expiresAtMs.get(key);
    this.#expiresAtMs.delete(key);
    return expiresAtMs !== undefined && this.#clock.now() < expiresAtMs;
  }
}
