import { expect, onTestFinished, test, vi } from 'vitest';
import { processRuntime } from '../../../client/cli/process.js';

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s ends the process after the clean-up, also after one that fails', (signal) => {
  const kill = vi.spyOn(process, 'kill').mockReturnValue(true);
  onTestFinished(() => kill.mockRestore());
  const before = process.listenerCount(signal);
  const clean = vi.fn(() => expect(kill).not.toHaveBeenCalled());
  processRuntime.cleanAtSignal(clean);
  process.emit(signal, signal);
  expect(clean).toHaveBeenCalledOnce();
  expect(kill.mock.calls).toEqual([[process.pid, signal]]);
  processRuntime.cleanAtSignal(() => {
    throw new Error('not empty');
  });
  expect(() => process.emit(signal, signal)).toThrow('not empty');
  expect(kill).toHaveBeenCalledTimes(2);
  const release = processRuntime.cleanAtSignal(clean);
  release();
  expect(process.listenerCount(signal)).toBe(before);
});
