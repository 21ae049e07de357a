import { expect, test, vi } from 'vitest';
import { parseSchedule } from '../../../../../daemon/worker/cron/schedule.js';

vi.stubGlobal('location', new URL('http://localhost:18790/'));
vi.stubGlobal('navigator', { language: 'en' });
vi.stubGlobal('document', { documentElement: {} });
// By a name that the compiler does not follow: it is code of the browser.
const source = '../../../../../webui/src/views/cron/form/natural.js';
const { readWords } = (await import(source)) as { readWords: (words: string, nowMs: number) => string | undefined };

/** A Sunday, in this machine's zone, as a browser has it. */
const NOW = new Date(2026, 2, 1, 12, 0, 58).getTime();

test.each([
  ['every weekday at 9', '0 9 * * 1-5'],
  ['Every day at 8:30', '30 8 * * *'],
  ['every monday at 10pm', '0 22 * * 1'],
  ['mondays and fridays at 8am', '0 8 * * 1,5'],
  ['on saturday', '0 9 * * 6'],
  ['every weekend at noon', '0 12 * * 0,6'],
  ['on the 1st at 9', '0 9 1 * *'],
  ['every day at midnight', '0 0 * * *'],
  ['every 15 minutes', 'every 15m'],
  ['every 2 hours', 'every 2h'],
  ['every hour', '0 * * * *'],
  ['every day', '0 9 * * *'],
  ['in 20 seconds', 'at 2026-03-01T12:01:18'],
  ['in 20 minutes', 'at 2026-03-01T12:20:58'],
  ['in an hour', 'at 2026-03-01T13:00:58'],
  ['in 2 days', 'at 2026-03-03T12:00:58'],
  ['tomorrow at 18:00', 'at 2026-03-02T18:00'],
  ['today at 6pm', 'at 2026-03-01T18:00'],
  ['tomorrow', 'at 2026-03-02T09:00'],
  ['每天8点', '0 8 * * *'],
  ['每天下午6点半', '30 18 * * *'],
  ['工作日9点', '0 9 * * 1-5'],
  ['每周一10:30', '30 10 * * 1'],
  ['每15分钟', 'every 15m'],
  ['20分钟后', 'at 2026-03-01T12:20:58'],
  ['明天18点', 'at 2026-03-02T18:00'],
  ['每天晚上12点', '0 0 * * *'],
  ['每天晚上12点半', '30 0 * * *'],
  ['每周一晚上12点', '0 0 * * 2'],
  ['每周六晚上12点', '0 0 * * 0'],
  ['工作日晚上12点', '0 0 * * 2-6'],
  ['每月1号晚上12点', '0 0 2 * *'],
  ['今天晚上12点', 'at 2026-03-02T00:00'],
  ['明天晚上12点', 'at 2026-03-03T00:00'],
  ['每天晚上11点', '0 23 * * *'],
  ['每天中午12点', '0 12 * * *'],
  ['每天中午1点', '0 13 * * *'],
  ['明天中午2点', 'at 2026-03-02T14:00'],
  ['每天中午11点半', '30 11 * * *'],
  ['每天凌晨2点', '0 2 * * *'],
  ['明天凌晨2点半', 'at 2026-03-02T02:30'],
  ['每周一凌晨12点', '0 0 * * 1'],
  ['半小时后', 'at 2026-03-01T12:30:58'],
  ['两个小时后', 'at 2026-03-01T14:00:58'],
  ['每两小时', 'every 2h'],
  ['每半小时', 'every 30m'],
  ['明天下午三点', 'at 2026-03-02T15:00'],
  ['每天下午三点半', '30 15 * * *'],
  ['每天上午十一点', '0 11 * * *'],
  ['下周一9点', 'at 2026-03-02T09:00'],
  ['下周日晚上八点', 'at 2026-03-08T20:00'],
  ['周一到周五上午9点半', '30 9 * * 1-5'],
  ['每周六至周日早上10点', '0 10 * * 6-7'],
  ['周一至周五晚上12点', '0 0 * * 2-6'],
  ['每天午夜', '0 0 * * *'],
  ['每天中午', '0 12 * * *'],
  ['每周日正午', '0 12 * * 0'],
  ['每月1号和15号', '0 9 1,15 * *'],
  ['每月一号、十五号、二十号早上八点', '0 8 1,15,20 * *'],
  ['on the 1st and 15th at 9', '0 9 1,15 * *'],
  ['9:00 on weekdays', '0 9 * * 1-5'],
  ['8am on mondays and fridays', '0 8 * * 1,5'],
  ['18:30 every day', '30 18 * * *'],
])('%j is %s', (words, schedule) => {
  expect(readWords(words, NOW)).toBe(schedule);
  expect(() => parseSchedule({ schedule, timezone: 'UTC', anchorMs: NOW })).not.toThrow();
});

test.each([
  '',
  'soon',
  'every blue moon',
  'in minutes',
  'every 0 minutes',
  'tomorrow at 25:00',
  '25:00 on weekdays',
  '每月31号晚上12点',
  'on the 40th at 9',
  '周六到周日晚上12点',
  'every day at 9:75',
  '0 9 * * *',
  '你好',
])('%j is not understood', (words) => {
  expect(readWords(words, NOW)).toBeUndefined();
});
