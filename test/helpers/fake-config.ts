/** The configuration service in memory. */
import type { ConfigService } from '../../daemon/worker/config/config-documents.js';
import { GatewayError } from '../../shared/errors.js';

export function fakeConfigService(calls: { name: string; input: unknown }[]): ConfigService {
  const revision = 'a'.repeat(64);
  const version = { id: `1700000000000-${'b'.repeat(16)}`, at: '2026-01-02T03:04:05.000Z', current: false };
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
      Promise.resolve({
        revision,
        inForce: true,
        path: '/c.json',
        config,
        effective: config,
        sources: { 'gateway.port': 'env' },
        pinned: { 'gateway.port': 'XOPC_PORT' },
      }),
    patch: patched('config.patch'),
    readText: () => Promise.resolve({ revision, path: '/c.json', text: '{}\n', problems: [] }),
    writeText: async (text, options) => {
      await patched('config.writeText')(text, options);
      return { revision, written: !options.dryRun, problems: [] };
    },
    versions: () => Promise.resolve([version]),
    readVersion: (id) =>
      id === version.id
        ? Promise.resolve({ ...version, text: '{}\n' })
        : Promise.reject(new GatewayError('NOT_FOUND', { message: 'no such version' })),
    restoreVersion: async (id, options) => {
      await patched('config.restoreVersion')(id, options);
      return { revision, written: true, problems: [] };
    },
    undoModels: (options) => patched('config.undoModels')({}, options),
    schema: () => ({ type: 'object' }),
    readModels: () => Promise.resolve({ revision, config: { providers: {} } }),
    patchModels: patched('config.patchModels'),
  };
}
