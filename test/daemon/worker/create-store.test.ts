import { expect, test, vi } from 'vitest';
import type { PostgresModule } from '../../../daemon/worker/conversation.js';
import { createStore } from '../../../daemon/worker/create-store.js';
import { sqliteEngine } from '../../../daemon/worker/store/sqlite/engine.js';
import { nodeDifferences } from '../../../shared/api/gateway/node-differences.js';
import { modelsSchema } from '../../../shared/config/models-schema.js';
import { configSchema } from '../../../shared/config/schema.js';
import { resolvePaths } from '../../../shared/node/process/paths.js';
import { FakeClock } from '../../helpers/fake-clock.js';
import { logMemory } from '../../helpers/log-memory.js';
import { tempDir } from '../../helpers/temp-dir.js';

function place(url?: string, settings: object = {}) {
  const home = tempDir();
  let config = configSchema.parse({ store: { url }, ...settings });
  const postgresEngine = vi.fn<PostgresModule['postgresEngine']>(() => ({ ...sqliteEngine('unused'), membership: {} as never }));
  const loadPostgres = vi.fn(() => ({ postgresEngine }) as PostgresModule);
  const paths = resolvePaths({ home, runtimeDir: home });
  const worker = { instanceId: 'wk_1', liveInstanceIds: () => ['wk_1'], models: () => modelsSchema.parse({}), readyAccounts: () => [] };
  const placed = createStore({ ...worker, paths, clock: new FakeClock(), config: () => config, loadPostgres }, logMemory());
  const change = (next?: string, listenUrl?: string): void => void (config = configSchema.parse({ store: { url: next, listenUrl } }));
  return { ...placed, paths, loadPostgres, postgresEngine, change };
}

test('without a URL the store is SQLite, and nothing of PostgreSQL is loaded', () => {
  const { isFile, loadPostgres, movedWarnings } = place();
  expect([isFile, loadPostgres.mock.calls.length, movedWarnings()]).toEqual([true, 0, []]);
});

test('with one it is that database, of the gateway with this data directory', () => {
  const url = 'postgres://xopc:secret@db.example/xopc';
  const { isFile, paths, postgresEngine } = place(url);
  expect(isFile).toBe(false);
  expect(postgresEngine).toHaveBeenCalledWith(expect.objectContaining({ url, dataDir: paths.dataDir, instanceId: 'wk_1' }));
});

test.each([{ sessions: { retention: { channels: { maxMessages: 500 } } } }, { cron: { historyRetentionDays: 365 } }])(
  'a node that purges more than another one differs from it: %o',
  (settings) => {
    const [one, other] = [{}, settings].map((own): Parameters<typeof nodeDifferences>[0] => {
      const { postgresEngine } = place('postgres://db.example/xopc', own);
      return { version: '1', build: 'b', settings: postgresEngine.mock.calls[0]?.[0].facts().settings ?? '' };
    });
    expect(one && other && nodeDifferences(one, other)).toEqual(['retention']);
  },
);

test('a changed URL takes effect at the next start, and until then a warning names the place in use without its secret', () => {
  const { movedWarnings, change } = place('postgres://xopc:secret@db.example/xopc');
  change('postgres://xopc:secret@other.example/xopc');
  const [warning] = movedWarnings();
  expect(warning).toMatchObject({ code: 'STORE_MOVED', message: expect.stringContaining('postgres://db.example/xopc is used') as string });
  expect(JSON.stringify(warning)).not.toContain('secret');
  change('postgres://xopc:secret@db.example/xopc', 'postgres://xopc:secret@direct.example/xopc');
  expect(movedWarnings()).toMatchObject([{ message: expect.stringMatching(/^store\.listenUrl was changed/) as string }]);
});
