import { expect, onTestFinished, test, vi } from 'vitest';
import { SupervisorChannel } from '../../../daemon/worker/supervisor-channel.js';
import { FakeClock } from '../../helpers/fake-clock.js';

test.each(['explode', '__proto__', 'constructor', 'toString'])('a message of the type %s, which nobody knows, is ignored', (type) => {
  const before = process.listeners('message');
  const onLost = vi.fn();
  const activate = vi.fn();
  new SupervisorChannel(new FakeClock()).receive({ activate } as never, onLost);
  const added = process.listeners('message').filter((listener) => !before.includes(listener));
  onTestFinished(() => {
    process.off('disconnect', onLost);
    for (const listener of added) process.off('message', listener);
  });
  for (const listener of added) {
    listener(JSON.parse(`{"type":"${type}"}`), undefined);
    listener({ type: 'activate' }, undefined);
  }
  expect(activate).toHaveBeenCalledTimes(1);
});
