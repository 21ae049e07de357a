/** `POST /api/page-links` makes a link that opens the page once without showing the token; `POST /api/page-links/:ticket` redeems it. */
import * as z from 'zod';
import { okStatus } from '../fields.js';

/** Needs the token. The link works once, until `expiresAt` or the next restart of the gateway. */
export const pageLinkResponse = () => z.strictObject({ status: okStatus(), url: z.string(), expiresAt: z.iso.datetime() });

/** The path parameter `:ticket`: 32 random bytes as base64url. */
export const pageTicket = () => z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'must be the ticket of a page link');

/** The current token, for the page that presented the ticket. */
export const pageTokenResponse = () => z.strictObject({ status: okStatus(), token: z.string() });
