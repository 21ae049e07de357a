/** Access tokens: reading, creating and revoking them. */
import type { TokenDocument as Token } from '../../../../shared/api/gateway/tokens.js';
import type { ModelList } from '../../../../shared/api/models.js';
import { apiPath, call, type Call } from '../../api/client.js';

export type { Token };

export async function readTokens(signal: AbortSignal): Promise<readonly Token[]> {
  return (await call<{ tokens: Token[] }>('GET', '/api/tokens', { signal })).tokens;
}

/** Returns the ids of the enabled agents. */
export async function readAgentIds(signal: AbortSignal): Promise<readonly string[]> {
  return (await call<ModelList>('GET', '/api/models', { signal })).defaults.map(({ agentId }) => agentId);
}

export const revokeCall = ({ id }: Token): Call => ({ method: 'DELETE', path: apiPath('/api/tokens/:id', { id }) });
