import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/helpers/longest-first.mjs';
import { SLOW } from './test/helpers/slow-tests.mjs';

const APART = ['test/e2e/**', 'test/torture/**', 'test/guards/**', 'test/bench/**', 'test/page/**', 'test/fuzz/**', 'test/screenshots/**'];
/** Tests that replace modules: a process each. */
const REPLACING = [
  'test/client/commands/stop-service.test.ts',
  'test/daemon/supervisor/control/node-ipc-used.test.ts',
  'test/shared/node/log/followed-file.test.ts',
];
const POSTGRES = ['test/daemon/worker/{cluster,store/copy,store/postgres}/*.test.ts', 'test/daemon/worker/store/contract/postgres.test.ts'];
/** What runs on both engines; the rest of it only with `XOPC_POSTGRES=wide`, because each test has a database of its own. */
const ON_POSTGRES = [
  'test/daemon/worker/store/{leases,idempotency,access/*,approvals/*,conversations/*,delivery/*,overview/*,responses/*,summaries/*}.test.ts',
  'test/daemon/worker/delivery/*.test.ts',
  'test/daemon/worker/spending/*.test.ts',
];
const WIDE_ON_POSTGRES = [
  // Not cron/jobs, cron/job-reading and cron/run-job: a whole worker goes by the clock of the database, theirs by the test's.
  'test/daemon/worker/{files,turns,turns/steps}/*.test.ts',
  'test/daemon/worker/{socket/chat,socket/interrupted-answer,socket/token-limits,upkeep/upkeep}.test.ts',
  'test/daemon/worker/chat/*.test.ts',
  'test/daemon/worker/cron/{history,scheduler,waiting-runs}.test.ts',
  'test/daemon/worker/observe/{issues,samples,usage}.test.ts',
  'test/daemon/worker/sessions/{session-archive,session-files,session-fork,sessions}.test.ts',
  'test/daemon/worker/socket/variants.test.ts',
  'test/daemon/worker/http/responses/{stored,background}.test.ts',
];
/** Of the real gateway, what does not depend on where it stores its data. */
const E2E_ON_POSTGRES = ['test/e2e/{api,crash,cron,delivery,idempotency,restart,socket,stop}.test.ts'];
const isWide = process.env['XOPC_POSTGRES'] === 'wide';
/** Only a bundler resolves what their ES modules import: a directory (clipanion), JSON without an attribute (@actions). */
const bundlerOnly = ['clipanion', /@actions\//];
/** `npm run torture` repeats tests. */
const rounds = process.env['XOPC_TORTURE_ROUNDS'] === undefined ? {} : { runner: './test/helpers/rounds-runner.ts' };
const shared = {
  ...rounds,
  environment: 'node',
  setupFiles: ['test/helpers/strict-process.ts'],
  restoreMocks: true,
  // A busy machine takes its time; a wait in vain ends at the test's own limit.
  expect: { poll: { timeout: 10_000, interval: 20 } },
  server: { deps: { inline: bundlerOnly } },
};
/** Files that share a process: what is imported once serves them all. They keep nothing in modules that another could find. */
const together = { isolate: false };

/**
 * Real gateways whose tests wait much: some files at a time. Not among them: the package, which is built anew, and what floods a gateway.
 */
const SCENARIOS = [
  'test/e2e/{acp,api,api-docs,approvals,cluster,cluster-proxy,database-copy,docs,doctor,hung,idempotency,mcp,mcp-server,pairing,poison,postgres,start,stop,storage,fallback}.test.ts',
  'test/e2e/{backup,delivery-failures,cron,error-words,signals-and-succession,specification}.test.ts',
  'test/e2e/{access,attached,access-network,crash,delivery,homes,invalid-config,live-config,odd-circumstances,overview,own-token,reverse-proxies,secrets,session-import}.test.ts',
  'test/e2e/{container,first-hour,page-session,resource-limits,setup,shells,slow-succession,socket}.test.ts',
  'test/e2e/service/*.test.ts',
];
/** One file at a time. */
const serial = {
  ...shared,
  setupFiles: [...shared.setupFiles, 'test/helpers/closing-fetch.ts'],
  fileParallelism: false,
  testTimeout: 60_000,
  hookTimeout: 60_000,
};
/** Each step of a browser may take as long as on a machine that is ten times slower; a wait in vain ends all the same. */
const patient = { testTimeout: 180_000, expect: { poll: { timeout: 30_000, interval: 20 } } };

export default defineConfig({
  test: {
    // One more than two cores: tests of processes wait a third of the time.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    experimental: { fsModuleCache: true },
    tags: [
      {
        name: 'long',
        description: 'takes over 6 s beside others: for `npm run torture -- long` and the nightly run of CI, not for `npm test`',
      },
    ],
    projects: [
      {
        test: {
          ...shared,
          ...together,
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...APART, ...REPLACING, ...POSTGRES, ...(process.env['XOPC_QUICK_TESTS'] === '1' ? SLOW : [])],
          testTimeout: 60_000,
        },
      },
      { test: { ...shared, name: 'replacing', include: REPLACING, testTimeout: 60_000 } },
      {
        test: {
          ...shared,
          ...together,
          name: 'postgres',
          include: [...POSTGRES, ...ON_POSTGRES, ...(isWide ? WIDE_ON_POSTGRES : [])],
          setupFiles: [...shared.setupFiles, 'test/helpers/postgres-present.ts'],
          env: { XOPC_TEST_ENGINE: 'postgres' },
          globalSetup: ['test/helpers/postgres-setup.ts'],
          testTimeout: 30_000,
        },
      },
      // The packages of @actions are published without the sources that their source maps name.
      { logLevel: 'error', test: { ...shared, ...together, name: 'guards', include: ['test/guards/**/*.test.ts'], testTimeout: 30_000 } },
      {
        test: {
          ...shared,
          ...together,
          name: 'fuzz',
          include: ['test/fuzz/**/*.test.ts'],
          testTimeout: process.env['XOPC_FUZZ_CASES'] === undefined ? 60_000 : 10_800_000,
        },
      },
      {
        test: {
          ...serial,
          ...together,
          name: 'scenarios',
          include: SCENARIOS,
          fileParallelism: true,
          // They wait more than half of the time.
          maxWorkers: 6,
          sequence: { groupOrder: 1 },
          // Each has only a part of a core.
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      { test: { ...serial, name: 'e2e', include: ['test/e2e/**/*.test.ts'], exclude: SCENARIOS } },
      ...(isWide
        ? [
            {
              test: {
                ...serial,
                name: 'e2e-postgres',
                include: E2E_ON_POSTGRES,
                setupFiles: [...serial.setupFiles, 'test/helpers/postgres-present.ts'],
                env: { XOPC_TEST_ENGINE: 'postgres' },
                globalSetup: ['test/helpers/postgres-setup.ts'],
              },
            },
          ]
        : []),
      {
        test: {
          ...serial,
          ...together,
          ...patient,
          name: 'page',
          include: ['test/page/**/*.test.ts'],
          globalSetup: ['test/helpers/browser-setup.ts'],
          fileParallelism: true,
        },
      },
      {
        test: {
          ...serial,
          ...patient,
          name: 'screenshots',
          include: ['test/screenshots/**/*.test.ts'],
          globalSetup: ['test/helpers/browser-setup.ts'],
        },
      },
      {
        test: {
          ...serial,
          name: 'torture',
          include: ['test/torture/**/*.test.ts'],
          globalSetup: ['test/helpers/browser-setup.ts'],
          testTimeout: 600_000,
        },
      },
    ],
  },
});
