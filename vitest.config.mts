import { defineConfig } from 'vitest/config';

const APART = ['test/e2e/**', 'test/torture/**', 'test/guards/**', 'test/bench/**', 'test/browser/**'];
/** clipanion's ES module imports a directory, which only a bundler resolves. */
const bundlerOnly = ['clipanion'];
const shared = {
  environment: 'node',
  setupFiles: ['test/helpers/strict-process.ts'],
  restoreMocks: true,
  server: { deps: { inline: bundlerOnly } },
};

/** What starts real gateways measures time and owns ports: one file at a time. */
const serial = { ...shared, fileParallelism: false, testTimeout: 60_000, hookTimeout: 60_000 };

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      { test: { ...shared, name: 'unit', include: ['test/**/*.test.ts'], exclude: APART, testTimeout: 15_000 } },
      { test: { ...shared, name: 'guards', include: ['test/guards/**/*.test.ts'], testTimeout: 15_000 } },
      { test: { ...serial, name: 'e2e', include: ['test/e2e/**/*.test.ts'] } },
      { test: { ...serial, name: 'torture', include: ['test/torture/**/*.test.ts'], testTimeout: 600_000 } },
    ],
  },
});
