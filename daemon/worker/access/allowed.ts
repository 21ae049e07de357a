/** Checks what an access token allows. Each function takes undefined for a caller without a token, who may do everything. */
import type { Scope } from '../../../shared/api/gateway/tokens.js';
import { type ErrorCode, GatewayError } from '../../../shared/errors.js';
import { type AccessReason, sayOfAccess } from '../../../shared/text/sentences/access.js';
import { listNames } from '../../../shared/text/list-names.js';
import type { AccessToken } from './access-tokens.js';

/** What an operation requires. `any`: any token. `public`: none. */
export type NeededScope = Scope | 'any' | 'public';

/** Returns the scopes of which a token needs one; empty if any token is sufficient. */
export function scopesFor(method: string, needed: NeededScope): readonly Scope[] {
  if (needed === 'any' || needed === 'public') return [];
  if (needed === 'admin') return ['admin'];
  const isReading = method === 'GET' && needed !== 'read';
  return [...(isReading ? (['read'] as const) : []), needed, 'admin'];
}

/** What a job does. */
interface RunningJob {
  readonly mode: string;
  readonly chat_id: string | null;
  readonly alertChatId: string | null;
}

type Allowed = Pick<AccessToken, 'id' | 'name' | 'scopes' | 'agents'>;

function refusal(code: AccessReason, values: Readonly<Record<string, string>>, hint: string): GatewayError {
  return new GatewayError('FORBIDDEN', { message: sayOfAccess(code, values), hint });
}

/** @throws FORBIDDEN unless the token has a scope for an operation. @param method  GET reads */
export function mayCall(access: Allowed | undefined, method: string, needed: NeededScope): void {
  if (access === undefined) return;
  const wanted = scopesFor(method, needed);
  if (wanted.length === 0 || wanted.some((scope) => access.scopes.includes(scope))) return;
  const { name, scopes } = access;
  const values = { name, scopes: scopes.join(', '), wanted: wanted.join(' or ') };
  const options = [...scopes, wanted[0] ?? 'admin'].map((scope) => `--scope ${scope}`);
  const hint = `Create one that may: ${['xopc token add NAME', ...options].join(' ')}`;
  throw refusal(scopes.length === 1 ? 'token-scope' : 'token-scopes', values, hint);
}

/** A job may do for a token only what the token may do itself: use an agent, and send to its chats. @throws FORBIDDEN */
export function mayHaveRun(access: Allowed | undefined, { mode, chat_id: chatId, alertChatId }: RunningJob): void {
  if (mode === 'agent') mayCall(access, 'POST', 'chat');
  if (chatId !== null || alertChatId !== null) mayCall(access, 'POST', 'send');
}

/** A socket can chat and receives all events. @throws FORBIDDEN */
export function mayUseSocket(access: Allowed | undefined): void {
  mayCall(access, 'POST', 'chat');
  mayCall(access, 'GET', 'read');
  if (access !== undefined) mayUseAllAgents(access);
}

/** For operations that are not limited to an agent. @throws FORBIDDEN for a token that is */
export function mayUseAllAgents(access: Allowed | undefined): void {
  if (access === undefined || access.agents === null) return;
  const hint = 'Use POST /api/agent or /v1 with one of these agents.';
  throw refusal('token-agents-only', { name: access.name, agents: listNames(access.agents) }, hint);
}

/** @param agent  undefined if the request names no agent, only a model */
export function isAgentAllowed(access: Allowed | undefined, agent: string | undefined): boolean {
  if (access === undefined || access.agents === null) return true;
  return agent !== undefined && access.agents.includes(agent);
}

/** @throws FORBIDDEN unless {@link isAgentAllowed} */
export function mayUseAgent(access: Allowed | undefined, agent: string | undefined): void {
  if (access === undefined || access.agents === null || isAgentAllowed(access, agent)) return;
  const values = { name: access.name, agents: listNames(access.agents) };
  const hint = 'Name one of these agents.';
  if (agent === undefined) throw refusal('token-agents-none', values, hint);
  throw refusal('token-agents-other', { ...values, agent: agent.slice(0, 64) }, hint);
}

/**
 * Returns the account in the keys of a token's own conversations: `{agent}:api:{account}:direct:{name}`. A token that is limited to agents reads no
 * other sessions: a name that it uses means a conversation of its own. Undefined: the token uses the shared sessions.
 */
export function ownAccount(access: Allowed | undefined): string | undefined {
  return access === undefined || access.agents === null ? undefined : access.id;
}

/** @param sessionKey  null: all sessions */
export function isSessionAllowed(access: Allowed | undefined, sessionKey: string | null): boolean {
  const own = ownAccount(access);
  if (own === undefined) return true;
  const [agent, channel, account] = sessionKey?.split(':') ?? [];
  return isAgentAllowed(access, agent) && channel === 'api' && account === own;
}

/** @throws FORBIDDEN unless {@link isSessionAllowed} */
export function mayUseSession(access: Allowed | undefined, sessionKey: string | null, hint: string): void {
  if (access !== undefined && !isSessionAllowed(access, sessionKey)) throw refusal('token-sessions-own', { name: access.name }, hint);
}

/** @throws FORBIDDEN for a token that is limited to agents, because each agent has its own model */
export function mayChooseModel(access: Allowed | undefined): void {
  if (access === undefined || access.agents === null) return;
  throw refusal('token-model', { name: access.name, agents: listNames(access.agents) }, 'Leave the model out: the agent has its own.');
}

/** Whether an error means that credentials are no longer accepted. UNAVAILABLE only means that they cannot be checked. */
export const isCredentialRefusal = (code: ErrorCode): boolean => code === 'UNAUTHORIZED' || code === 'RATE_LIMITED';
