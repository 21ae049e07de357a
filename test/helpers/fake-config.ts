/** The configuration service in memory. */
import type { ConfigService } from '../../daemon/worker/services/contracts.js';
import { GatewayError } from '../../shared/errors.js';

export function fakeConfigService(calls: { name: string; input: unknown }[]): ConfigService {
  const revision = 'a'.repeat(64);
  const config = { gateway: { auth: { api_key: { $secret: true, hint: '…7890' } } } };
  const patched =
    (name: string) =>
    (changes: unknown, { expectedRevision }: { expectedRevision?: string }) => {
      calls.push({ name, input: { changes, expectedRevision } });
      if (expectedRevision === undefined || expectedRevision === revision) return Promise.resolve({ revision, config });
      return Promise.reject(new GatewayError('PRECONDITION_FAILED', { message: 'changed meanwhile' }));
    };
  return {
    read: () =>
      Promise.resolve({ revision, inForce: true, path: '/c.json', config, effective: config, sources: { 'gateway.port': 'env' } }),
    patch: patched('config.patch'),
    readText: () => Promise.resolve({ revision, path: '/c.json', text: '{}\n' }),
    writeText: async (text, options) => {
      await patched('config.writeText')(text, options);
      return { revision, written: !options.dryRun, problems: [] };
    },
    schema: () => ({ type: 'object' }),
    readModels: () => Promise.resolve({ revision, config: { providers: {} } }),
    patchModels: patched('config.patchModels'),
  };
}
