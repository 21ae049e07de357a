import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { RestartTicket } from '../../daemon/supervisor/state/restart-ticket.js';
import { makeExitRecord } from '../../daemon/supervisor/workers/exit-record.js';
import { GatewayError } from '../../shared/errors.js';
import { FakeClock } from '../helpers/fake-clock.js';
import { fuzz } from './fuzz.js';
import { oddText } from './values.js';

test('whatever a worker printed, its exit is recorded within bounds', () =>
  fuzz(60, () =>
    fc.property(
      fc.oneof(fc.string({ unit: 'binary', maxLength: 5_000 }), oddText()),
      fc.record({
        code: fc.option(fc.integer({ min: 0, max: 255 })),
        signal: fc.option(fc.constantFrom('SIGKILL' as const, 'SIGABRT' as const)),
      }),
      (output, exit) => {
        const record = makeExitRecord({ pid: 1, exit, output, atMs: 0 });
        expect(Buffer.byteLength(record.output ?? '')).toBeLessThanOrEqual(2_048);
        expect(record.reason).not.toBe('');
      },
    ),
  ));

const STEP = fc.oneof(
  fc.constant('join' as const),
  fc.constantFrom('progress' as const, 'complete' as const, 'fail' as const, 'wait' as const),
);

test('each caller of a restart is answered once', () =>
  fuzz(60, () =>
    fc.asyncProperty(fc.array(STEP, { maxLength: 12 }), async (steps) => {
      const clock = new FakeClock();
      const ticket = new RestartTicket({ clock, timeoutMs: undefined });
      const answered = vi.fn();
      let joined = 0;
      for (const step of [...steps, 'fail' as const]) {
        if (step === 'join') {
          joined += 1;
          ticket.join(() => undefined).then(answered, answered);
        } else if (step === 'progress') ticket.progress('it starts');
        else if (step === 'complete') ticket.complete({ instanceId: 'wk', workerPid: 1, pid: 1, succession: 'none' });
        else if (step === 'fail') ticket.fail(new GatewayError('STOPPING', { message: 'it stops' }));
        else clock.advance(31_000);
      }
      await new Promise(setImmediate);
      expect(answered).toHaveBeenCalledTimes(joined);
    }),
  ));
