/** Page sessions and links in memory. */
import type { PageSecrets } from '../../daemon/worker/http/admission/page-sessions.js';

export function fakePageSecrets(): PageSecrets {
  const expiresAtMs = new Map<string, number>();
  return {
    gatewayId: async () => 'a1b2c3d4e5f6',
    has: async ({ kind, hash, nowMs }) => (expiresAtMs.get(`${kind} ${hash}`) ?? 0) > nowMs,
    add: async (secret) => void expiresAtMs.set(`${secret.kind} ${secret.hash}`, secret.expiresAtMs),
    take: async ({ kind, hash, nowMs }) => {
      const isValid = (expiresAtMs.get(`${kind} ${hash}`) ?? 0) > nowMs;
      return expiresAtMs.delete(`${kind} ${hash}`) && isValid;
    },
  };
}
