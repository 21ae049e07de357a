/** The meaning of each API code, as in docs/errors.md; a test compares the two. */
import type { ErrorCode } from '../../../../shared/errors.js';

export const MEANINGS: Partial<Record<ErrorCode, string>> = {
  INVALID_REQUEST: 'The body, the query or a header is invalid: a wrong type, an unknown or forbidden key, malformed JSON.',
  UNAUTHORIZED:
    'The access token is missing or wrong. It is required from other machines, and for logs and configuration from this one too.',
  FORBIDDEN:
    'The caller is not allowed: its address is outside `allowedIps`, its `Host` or `Origin` is not one of this gateway, or its access token has neither the scope nor the agent.',
  NOT_FOUND: 'The path, or what it names, does not exist.',
  CHANNEL_NOT_FOUND: 'The channel, or that account of it, is not configured.',
  SESSION_NOT_FOUND: 'No session has that key; it may have been deleted.',
  JOB_NOT_FOUND: 'No scheduled job has that id; it may have been deleted.',
  MODEL_NOT_FOUND: 'No configured provider offers that model.',
  CONFLICT: 'The `Idempotency-Key` was used with another body, the resource was changed meanwhile, or its state does not allow the change.',
  PRECONDITION_FAILED: '`If-Match` names a revision that is no longer the current one.',
  PAYLOAD_TOO_LARGE:
    'The body is larger than `gateway.maxBodyBytes` (below `/v1`, than 32 MiB if that is more), or an imported file than `gateway.maxImportBytes`; the connection is closed.',
  UNSUPPORTED_MEDIA_TYPE: 'The body is not `application/json`, or is compressed.',
  UPGRADE_REQUIRED: '`/ws` was requested without an upgrade to WebSocket; the message names the missing header.',
  RATE_LIMITED:
    'Too many failed attempts from this address, too many callers that search, follow or download the log, a limit of requests or cost is reached, or the model’s provider asks to slow down.',
  AGENT_ERROR:
    'The model’s provider failed or refused the request; the message contains its answer. Under `/v1`, a refusal that a repetition cannot cure is 400, 402, 403 or 404.',
  UNAVAILABLE: 'The gateway is restarting or stopping, its disk is full, or it cannot serve this request now.',
  STORE_UNAVAILABLE: 'The database cannot be opened or written: no space, no permission, a read-only disk, a network file system.',
  STOPPING: 'The gateway is stopping and does not accept this request any more.',
  CONFIG_INVALID:
    'A configuration file is invalid; every problem is listed as `file:line:column key …`. A running gateway continues with the last good one.',
  INTERNAL_ERROR: 'An unexpected error of the gateway. The message is not shown to callers.',
};
