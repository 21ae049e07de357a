/** Page sessions and links in memory. */
import type { PageSecrets } from '../../daemon/worker/access/stored-secrets.js';

export function fakePageSecrets(): PageSecrets {
  const secrets = new Map<string, { readonly expiresAtMs: number; readonly tokenId: string | null }>();
  return {
    gatewayId: async () => 'a1b2c3d4e5f6',
    async find({ kind, hash, nowMs }) {
      const secret = secrets.get(`${kind} ${hash}`);
      return secret !== undefined && secret.expiresAtMs > nowMs ? secret : undefined;
    },
    add: async (secret) => void secrets.set(`${secret.kind} ${secret.hash}`, secret),
    take: async ({ kind, hash, nowMs }) => {
      const secret = secrets.get(`${kind} ${hash}`);
      secrets.delete(`${kind} ${hash}`);
      return secret !== undefined && secret.expiresAtMs > nowMs ? secret : undefined;
    },
  };
}
