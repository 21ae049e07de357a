/** What a worker loads when a program calls one of its webhook accounts for the first time. */
import { checkCredentials } from './credentials.js';
import { isRead, readCall } from './read-call.js';

export const inbound = { checkCredentials, isRead, readCall };

export type InboundModule = typeof inbound;
