/** The order of test files on a machine that has not run them yet: without it vitest goes by size, and a long file begun last is waited for alone. */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Those of more than ten seconds, the longest first. */
const LONG = [
  'e2e/crash',
  'e2e/cron-clock',
  'e2e/docs',
  'e2e/database-faults',
  'e2e/backup',
  'e2e/cron',
  'e2e/signals-and-succession',
  'e2e/slow-succession',
  'e2e/api-docs',
  'e2e/storage',
  'e2e/delivery',
  'e2e/delivery-failures',
  'client/commands/stop-restart',
  'client/gateway/locate-gateway',
  'daemon/supervisor/config/config-watch',
  'bin/launcher',
];

const place = ({ moduleId }: TestSpecification): number => {
  const found = LONG.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
  return found === -1 ? LONG.length : found;
};

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b));
  }
}
