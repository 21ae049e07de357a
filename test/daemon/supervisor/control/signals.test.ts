import { expect, onTestFinished, test } from 'vitest';
import { listenToSignals } from '../../../../daemon/supervisor/control/signals.js';

function listening(hangupStops: boolean): { heard: string[]; stop(): void } {
  const heard: string[] = [];
  let signal: unknown;
  const stop = listenToSignals({
    log: {
      debug: () => undefined,
      info: (fields, message) => {
        signal = fields['signal'];
        if (message === 'signal ignored') heard.push(`note ${String(signal)}`);
      },
      warn: () => undefined,
      error: () => undefined,
    },
    hangupStops,
    stop: () => heard.push(`stop ${String(signal)}`),
    restart: () => heard.push('restart'),
  });
  onTestFinished(stop);
  return { heard, stop };
}

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;

test.skipIf(process.platform === 'win32').each([
  [true, 'stop SIGHUP'],
  [false, 'note SIGHUP'],
])('signals are requests; SIGHUP stops where a terminal owns the process (%s)', async (hangupStops, hangup) => {
  const { heard } = listening(hangupStops);
  for (const signal of SIGNALS) {
    const before = heard.length;
    process.kill(process.pid, signal);
    while (heard.length === before) await new Promise((resolve) => setImmediate(resolve));
  }
  process.kill(process.pid, 'SIGTERM');
  while (heard.length < 7) await new Promise((resolve) => setImmediate(resolve));
  expect(heard).toEqual(['stop SIGTERM', 'stop SIGINT', 'stop SIGQUIT', hangup, 'restart', 'note SIGUSR2', 'stop SIGTERM']);
});

test('nothing is listened to once it is over', () => {
  const before = SIGNALS.map((signal) => process.listenerCount(signal));
  const { stop } = listening(true);
  expect(SIGNALS.map((signal) => process.listenerCount(signal))).toEqual(before.map((count) => count + 1));
  stop();
  stop();
  expect(SIGNALS.map((signal) => process.listenerCount(signal))).toEqual(before);
});
