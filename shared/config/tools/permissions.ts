/** Which tools an agent may use, must ask about, or may not use. */
import * as z from 'zod';

export const PERMISSIONS = ['allow', 'ask', 'deny'] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** The name of a tool, or a prefix followed by `*`. */
const pattern = z.string().regex(/^(?:[A-Za-z0-9_-]{1,64}|[A-Za-z0-9_-]{0,64}\*)$/, 'must be the name of a tool, or its beginning and *');

/** The longest matching pattern applies. */
export const permissions = z.record(pattern, z.enum(PERMISSIONS));

export const DEFAULT_APPROVAL_TIMEOUT_MS = 86_400_000;
/** How long a call waits for a decision. */
export const approvalTimeout = z.int().min(60_000).max(2_592_000_000);
