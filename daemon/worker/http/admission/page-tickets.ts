/** One-time tickets for the page's links: in memory only, few, short-lived, each taken at most once. */
import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '../../../../shared/clock.js';

/** A person has a handful open; beyond that the oldest gives way. */
const MAX_TICKETS = 64;
const LIFETIME_MS = 600_000;

/** Looked up by digest, so that how long a look-up takes tells nothing about a ticket. */
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

  /** Takes a ticket. @returns whether it was one of ours, in time and not taken before */
  take(ticket: string): boolean {
    const key = keyOf(ticket);
    const expiresAtMs = this.#expiresAtMs.get(key);
    this.#expiresAtMs.delete(key);
    return expiresAtMs !== undefined && this.#clock.now() < expiresAtMs;
  }
}
