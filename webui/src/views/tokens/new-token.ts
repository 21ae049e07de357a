/** A new token: the fields of its form, the call that creates it, and one to try it with. */
import type { Scope, TokenDocument } from '../../../../shared/api/gateway/tokens.js';
import { DAY_MS } from '../../../../shared/clock.js';
import type { Call } from '../../api/call.js';
import { numberOf } from '../../components/field/number-of.js';

/** How long a new token is valid, in days. */
export const LIFETIMES = ['7', '30', '90', '365'] as const;

/** The contents of the form; typed fields are texts. */
export interface TokenFields {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly whose: 'all' | 'some';
  readonly agents: readonly string[];
  readonly expiry: (typeof LIFETIMES)[number] | 'date' | 'never';
  /** `2027-01-31`; of `date`. */
  readonly date: string;
  readonly rate: string;
  readonly usd: string;
}

export const NEW_TOKEN: TokenFields = { name: '', scopes: [], whose: 'all', agents: [], expiry: '90', date: '', rate: '', usd: '' };

/** The end of a chosen day, in the browser's zone. */
function expiryOf({ expiry, date }: TokenFields, nowMs: number): { expiresAt?: string } {
  if (expiry === 'never') return {};
  if (expiry !== 'date') return { expiresAt: new Date(nowMs + Number(expiry) * DAY_MS).toISOString() };
  const endMs = Date.parse(`${date}T23:59:59`);
  return { expiresAt: Number.isNaN(endMs) ? date : new Date(endMs).toISOString() };
}

/** Returns the call that creates the token. */
export function createCall(fields: TokenFields, nowMs = Date.now()): Call {
  const { name, scopes, whose, agents, rate, usd } = fields;
  const limits = { ...expiryOf(fields, nowMs), requestsPerMinute: numberOf(rate), dailyUsd: numberOf(usd) };
  return { method: 'POST', path: '/api/tokens', body: { name, scopes, ...(whose === 'some' ? { agents } : {}), ...limits } };
}

/** Returns a call that the token allows, to try it with. */
export function trialOf({ scopes, agents }: Pick<TokenDocument, 'scopes' | 'agents'>): Call {
  const may = (scope: Scope): boolean => scopes.includes(scope) || scopes.includes('admin');
  const agent = agents?.[0];
  if (may('chat'))
    return { method: 'POST', path: '/api/agent', body: { message: 'Hello', ...(agent === undefined ? {} : { agentId: agent }) } };
  if (may('read')) return { method: 'GET', path: '/api/sessions' };
  return may('cron') ? { method: 'GET', path: '/api/cron' } : { method: 'GET', path: '/api/messages' };
}
