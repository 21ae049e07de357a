/** The order of test files on a machine that has not run them yet: without it vitest goes by size, and a long file begun last is waited for alone. */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Those that take longest in each round, the longest first. Of those that wait most of their time only one: together they would leave the processors idle. */
const LONG = [
  'e2e/docs',
  'e2e/service/side-by-side',
  'e2e/service/lifecycle',
  'e2e/crash',
  'e2e/backup',
  'e2e/service/socket',
  'e2e/reverse-proxies',
  'e2e/start',
  'e2e/error-words',
  'e2e/stop',
  'e2e/hung',
  'e2e/service/control',
  'e2e/homes',
  'e2e/signals-and-succession',
  'e2e/cluster',
  'e2e/api-docs',
  'e2e/delivery',
  'e2e/setup',
  'e2e/container',
  'e2e/cron',
  'e2e/specification',
  'e2e/slow-succession',
  'page/logs',
  'page/connection',
  'page/channels-status',
  'page/logs-search',
  'page/cron',
  'page/sign-in',
  'page/chat-survival',
  'page/shell',
  'page/config',
  'daemon/worker/channels/telegram/conversation',
  'shared/node/files/crash-points',
  'bin/launcher',
  'fuzz/http-operations',
  'daemon/supervisor/lock/lock-race',
  'bin/setup-interrupted',
  'bin/build',
];

const place = ({ moduleId }: TestSpecification): number => {
  const found = LONG.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
  return found === -1 ? LONG.length : found;
};

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    // One project after the other, as vitest has them: files share a process only until one of another project comes.
    const projects = [...new Set(sorted.map(({ project }) => project))];
    return sorted.toSorted((a, b) => projects.indexOf(a.project) - projects.indexOf(b.project) || place(a) - place(b));
  }
}
