/** Access tokens in memory. */
import type { AccessToken } from '../../daemon/worker/access/access-tokens.js';
import type { Services } from '../../daemon/worker/http/services.js';
import type { TokenDocument } from '../../shared/api/gateway/tokens.js';
import { GatewayError } from '../../shared/errors.js';

export interface FakeAccessTokens {
  readonly service: Services['accessTokens'];
  /** Adds a token. @returns its secret */
  readonly grant: (token: Partial<AccessToken>) => string;
}

const SECRET_LENGTH = 43;

export function fakeAccessTokens(): FakeAccessTokens {
  const bySecret = new Map<string, AccessToken>();
  const listeners = new Set<(id: string) => void>();
  const grant: FakeAccessTokens['grant'] = (token) => {
    const number = bySecret.size + 1;
    const secret = `xopc_${String(number).padStart(SECRET_LENGTH, 't')}`;
    const all = {
      id: `tok_${number}`,
      name: `t${number}`,
      hash: '',
      prefix: null,
      scopes: [],
      agents: null,
      requestsPerMinute: null,
      dailyUsd: null,
    };
    bySecret.set(secret, { ...all, createdAtMs: 0, expiresAtMs: null, lastUsedAtMs: null, lastUsedFrom: null, ...token });
    return secret;
  };
  const toDocument = ({ id, name, scopes }: AccessToken): TokenDocument => ({
    id,
    name,
    prefix: null,
    scopes: [...scopes],
    agents: null,
    expiresAt: null,
    requestsPerMinute: null,
    dailyUsd: null,
    createdAt: '2026-01-01T00:00:00.000Z',
    lastUsedAt: null,
    lastUsedFrom: null,
    spentTodayUsd: 0,
  });
  const service: FakeAccessTokens['service'] = {
    find: (secret) => bySecret.get(secret) ?? (/^xopc_.{43}$/.test(secret) ? 'ended' : undefined),
    findById: async (wanted) => [...bySecret.values()].find(({ id }) => id === wanted),
    noteUse: () => undefined,
    onEnd: (listener) => void listeners.add(listener),
    list: async () => [...bySecret.values()].map(toDocument),
    async add({ name, scopes }) {
      const secret = grant({ name, scopes });
      return { secret, token: toDocument(bySecret.get(secret) as AccessToken) };
    },
    async revoke(which) {
      const [secret, token] = [...bySecret].find(([, { id, name }]) => id === which || name === which) ?? [];
      if (secret === undefined || token === undefined) throw new GatewayError('NOT_FOUND', { message: `no token ${which}` });
      bySecret.delete(secret);
      for (const listener of listeners) listener(token.id);
      return toDocument(token);
    },
  };
  return { service, grant };
}
