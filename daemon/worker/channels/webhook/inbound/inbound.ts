/** The modules that a worker loads on the first call to one of its webhook accounts. */
import { checkCredentials } from './credentials.js';
import { isRead, readCall } from './read-call.js';

export const inbound = { checkCredentials, isRead, readCall };

export type InboundModule = typeof inbound;
