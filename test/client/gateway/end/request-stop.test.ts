import { expect, onTestFinished, test, vi } from 'vitest';
import { awaitLeave } from '../../../../client/gateway/end/request-stop.js';
import { gatewayHome } from '../../../helpers/gateway-home.js';

const LOOK_MS = 7_500;

/** A signal that lets time pass each time that it is looked at. */
function passingTime(): AbortSignal {
  const get = (): boolean => {
    vi.setSystemTime(Date.now() + LOOK_MS);
    return false;
  };
  return Object.defineProperty(new AbortController().signal, 'aborted', { get });
}

test.each([
  ['the configured drain time', undefined, 75_000],
  ['the requested one', 0, 15_000],
])('a supervisor whose predecessor drains is waited for as long as that may take: %s', async (_what, timeoutMs, limitMs) => {
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const { paths, writeConfig } = gatewayHome();
  writeConfig({ gateway: { drainTimeoutMs: 60_000 } });
  const startedAtMs = Date.now();
  const waiting = awaitLeave({ pid: process.pid, startTime: null }, { paths, timeoutMs, signal: passingTime() });
  await expect(waiting).rejects.toMatchObject({
    code: 'CONTROL_UNREACHABLE',
    message: `the gateway has stopped serving, but its process ${process.pid} is still there`,
    hint: 'End it with: xopc gateway stop --force',
  });
  expect(Date.now() - startedAtMs).toBe(limitMs);
});
