/** `POST /api/page-links` makes a link that opens the page once without showing the token; `POST /api/page-links/:ticket` takes it. */
import * as z from 'zod';
import { okStatus } from '../fields.js';

/** Needs the token. The link works once, until `expiresAt`, and while the gateway is not restarted. */
export const pageLinkResponse = () => z.strictObject({ status: okStatus(), url: z.string(), expiresAt: z.iso.datetime() });

/** `:ticket` of the path: 32 random bytes as base64url. */
export const pageTicket = () => z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'must be the ticket of a page link');

/** The token in force, for the page that brought the ticket. */
export const pageTokenResponse = () => z.strictObject({ status: okStatus(), token: z.string() });
