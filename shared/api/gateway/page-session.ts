/** How the page signs in: with the token, with a one-time link, or without either. */
import * as z from 'zod';
import { okStatus } from '../fields.js';

/** `POST /api/page-links`. The link works once, until `expiresAt`. */
export const pageLinkResponse = () => z.strictObject({ status: okStatus(), url: z.string(), expiresAt: z.iso.datetime() });

/** `link`: what follows `#link=` in the link. Without it, the token in the header or the caller's identity decides. */
export const pageSessionRequest = () =>
  z.strictObject({
    link: z
      .string()
      .regex(/^[A-Za-z0-9_-]{43}$/, 'must be the ticket of a page link')
      .optional(),
  });

/**
 * `signedIn`: whether the browser has a session. `owner`: whether the session is that of the machine's owner, who is signed in again automatically. `needsToken`: whether calls need one. `openToNetwork`: other machines need none. `only`: the
 * only view that this server has (`xopc gateway logs --web`).
 */
export const pageSessionResponse = () =>
  z.strictObject({
    status: okStatus(),
    signedIn: z.boolean(),
    owner: z.boolean(),
    needsToken: z.boolean(),
    openToNetwork: z.boolean(),
    only: z.literal('logs').optional(),
  });

export type PageSession = z.output<ReturnType<typeof pageSessionResponse>>;

export const pageSessionEnded = () => z.strictObject({ status: okStatus() });
