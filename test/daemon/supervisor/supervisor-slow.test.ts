import { expect, test } from 'vitest';
import { WAIT_LIMIT_MS } from '../../../daemon/supervisor/control/wait-limit.js';
import { vitals } from '../../helpers/fake-child.js';
import { Supervised } from '../../helpers/supervised.js';

test('a restore and a change of the address learn the outcome of a restart that takes longer than a client waits', async () => {
  const gateway = Supervised.running();
  const outcome = gateway.restart();
  const second = gateway.worker;
  for (let waitedMs = 0; waitedMs <= WAIT_LIMIT_MS; waitedMs += 5_000) {
    gateway.first.says(vitals());
    gateway.clock.advance(5_000);
  }
  gateway.comesUp(second);
  gateway.first.says({ type: 'quiesced' });
  await expect(outcome).resolves.toMatchObject({ workerPid: second.pid, durationMs: WAIT_LIMIT_MS + 5_000 });
});
