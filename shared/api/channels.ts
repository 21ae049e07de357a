/** `/api/channels`: the state of each channel account, and the senders approved under the policy `pairing`. */
import * as z from 'zod';
import { health, label, okStatus, reasonFields, count } from './fields.js';

/** The path parameter `:channel`. */
export const channelName = () => label(64);

/** The path parameters of a file: `:accountId`, `:fileId` and `:name`. */
export const fileAccountId = () => label(64);
export const fileId = () => z.string().regex(/^[\w-]{8,256}$/, 'must be the id of a file');
export const fileName = () => z.string().regex(/^[\w.-]{1,64}$/, 'must be a plain file name');

/** Body of `POST /api/channels/:channel/approve`: the code that the sender received. */
export const pairingApproveRequest = () => z.strictObject({ code: label(40) });

/** Body of `POST /api/channels/:channel/revoke`. */
export const pairingRevokeRequest = () => z.strictObject({ senderId: label(256), accountId: label(64).optional() });
export type PairingRevokeRequest = z.output<ReturnType<typeof pairingRevokeRequest>>;

/** Messages of an account to its chats. */
const accountMessages = () =>
  z.strictObject({
    /** Accepted but not delivered yet. */
    waiting: count(),
    /** Waiting messages whose last attempt failed. Other messages to their chats wait behind them. */
    retrying: count(),
    /** Given up. */
    dead: count(),
    /** Possibly delivered. */
    unknown: count(),
    /** When the oldest waiting message was accepted. */
    oldestWaitingAt: z.iso.datetime().nullable(),
    /** For the last 1,000 messages of the channel. */
    lastDeliveredAt: z.iso.datetime().nullable(),
  });

export const channelDocument = () =>
  z.strictObject({
    channel: z.string(),
    accountId: z.string(),
    state: z.enum(['off', 'starting', 'running', 'backoff', 'failed']),
    /** The reason for the state, if there is one. */
    message: z.string().nullable(),
    ...reasonFields(),
    /** When the account entered that state, as seen by this worker. */
    since: z.iso.datetime().nullable(),
    /** The most recent error of the account, or of a message that is not delivered; it may have been resolved. */
    lastError: z.strictObject({ message: z.string(), ...reasonFields(), at: z.iso.datetime() }).nullable(),
    health: health(),
    messages: accountMessages(),
  });
export type ChannelDocument = z.output<ReturnType<typeof channelDocument>>;

/**
 * A sender who is approved for an account with the policy `pairing`, or has requested approval. `code` is null once approved; a request
 * ends at `expiresAt`.
 */
export const pairingDocument = () =>
  z.strictObject({
    channel: z.string(),
    accountId: z.string(),
    senderId: z.string(),
    senderName: z.string(),
    state: z.enum(['pending', 'approved']),
    code: z.string().nullable(),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime().nullable(),
  });
export type PairingDocument = z.output<ReturnType<typeof pairingDocument>>;

export const channelListResponse = () =>
  z.strictObject({ status: okStatus(), channels: z.array(channelDocument()), pairings: z.array(pairingDocument()) });
export const pairingApproveResponse = () => z.strictObject({ status: okStatus(), pairing: pairingDocument() });
/** `warning`: why the sender may still be able to write. */
export const pairingRevokeResponse = () => z.strictObject({ status: okStatus(), warning: z.string().optional() });
export type PairingRevokeResponse = z.output<ReturnType<typeof pairingRevokeResponse>>;
