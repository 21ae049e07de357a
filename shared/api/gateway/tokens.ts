/** `/api/tokens`: access tokens, which give programs a part of the rights of the gateway's own token. */
import * as z from 'zod';
import { label, okStatus } from '../fields.js';

/**
 * What a token may do. `read`: every GET except those of `admin`. `chat`: agents, models and sessions, and `/v1`. `send`: messages
 * to chats. `cron`: scheduled jobs. `admin`: everything.
 */
export const SCOPES = ['read', 'chat', 'send', 'cron', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** Maximum number of tokens; nobody could keep track of more. */
export const MAX_TOKENS = 256;

/** Names a token in lists, the log and `/metrics`; unique. */
const tokenName = () => z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'must be 1 to 64 letters, digits, and . _ -');

const scopes = () => z.array(z.enum(SCOPES)).min(1).max(SCOPES.length);

const tokenFields = () => ({
  name: tokenName(),
  scopes: scopes(),
  /**
   * The only agents that it may use; null: all. If set, `chat` is the only scope, and only operations that name an agent are
   * allowed.
   */
  agents: z.array(label(64)).min(1).max(64).nullable(),
  /** ISO 8601 in UTC; null: it does not expire. */
  expiresAt: z.iso.datetime().nullable(),
  /** Maximum requests per minute, on each gateway; null: no limit. */
  requestsPerMinute: z.int().min(1).max(1_000_000).nullable(),
  /** US dollars that it may spend on models per day (UTC); null: only the limits of its agents apply. */
  dailyUsd: z.number().positive().max(1_000_000).nullable(),
});

/** Body of `POST /api/tokens`. */
export const tokenRequest = () =>
  z.strictObject(tokenFields()).partial({ agents: true, expiresAt: true, requestsPerMinute: true, dailyUsd: true });
export type TokenRequest = z.output<ReturnType<typeof tokenRequest>>;

/** A token without its secret. The time of last use is accurate to the minute. */
export const tokenDocument = () =>
  z.strictObject({
    id: z.string(),
    ...tokenFields(),
    /** The beginning of its secret, by which people recognise it; null for tokens created by an older version. */
    prefix: z.string().nullable(),
    createdAt: z.iso.datetime(),
    lastUsedAt: z.iso.datetime().nullable(),
    /** The address of the client that used it last. */
    lastUsedFrom: z.string().nullable(),
    /**
     * US dollars that it spent on models today (UTC): the amount that counts against `dailyUsd` or, without that limit, the cost of
     * its turns and other calls.
     */
    spentTodayUsd: z.number().min(0),
  });
export type TokenDocument = z.output<ReturnType<typeof tokenDocument>>;

/** `secret` is shown only once; only its hash is stored. */
export const tokenCreated = () => z.strictObject({ status: okStatus(), secret: z.string(), token: tokenDocument() });
export type TokenCreated = z.output<ReturnType<typeof tokenCreated>>;

export const tokenListResponse = () => z.strictObject({ status: okStatus(), tokens: z.array(tokenDocument()) });
export type TokenList = z.output<ReturnType<typeof tokenListResponse>>;

/** The id or name of a token in a path. */
export const tokenReference = () => label(512);

export const tokenRevoked = () => z.strictObject({ status: okStatus(), token: tokenDocument() });
