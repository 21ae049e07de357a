/** The order of test files on a machine that has not run them yet: without it vitest goes by size, and a long file begun last is waited for alone. */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Those that take longest in each round, the longest first. */
const LONG = [
  'e2e/docs',
  'page/logs',
  'page/connection',
  'page/channels-status',
  'e2e/crash',
  'e2e/reverse-proxies',
  'e2e/package',
  'page/logs-search',
  'e2e/service/lifecycle',
  'e2e/cron',
  'e2e/backup',
  'e2e/service/side-by-side',
  'page/cron',
  'e2e/specification',
  'e2e/slow-succession',
  'page/sign-in',
  'e2e/service/control',
  'daemon/worker/channels/telegram/conversation',
  'page/chat-survival',
  'page/shell',
  'e2e/homes',
  'page/config',
  'e2e/setup',
  'e2e/container',
  'e2e/delivery',
  'daemon/supervisor/config/config-watch',
  'client/commands/stop-hung',
  'client/gateway/locate-gateway',
  'daemon/worker/store/conversations/session-search',
  'shared/node/log/follow-file',
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
