import { expect, test } from 'vitest';
import { deferred } from '../../../../daemon/supervisor/state/deferred.js';

test('a promise is resolved or rejected from outside, once', async () => {
  const [good, bad] = [deferred<number>(), deferred<number>()];
  good.resolve(1);
  good.resolve(2);
  bad.reject(new Error('no'));
  expect(await good.promise).toBe(1);
  await expect(bad.promise).rejects.toThrow('no');
});
