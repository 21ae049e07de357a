/** What a worker loads when a program calls one of its webhook accounts for the first time. */
import { checkCredentials } from './credentials.js';

export const inbound = { checkCredentials };

export type InboundModule = typeof inbound;
