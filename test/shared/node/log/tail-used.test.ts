import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { Tail } from 'tail';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Following } from '../../../helpers/log-reader.js';
import { tempDir } from '../../../helpers/temp-dir.js';

test.skipIf(!existsSync('/proc/self/fd'))('what is appended to the live log is read by tail', async () => {
  const prototype = Tail.prototype as unknown as { emit(event: string, ...values: unknown[]): boolean };
  const emit = prototype.emit;
  let bytes = 0;
  prototype.emit = function (event, ...values) {
    const [text] = values;
    if (event !== 'line' || typeof text !== 'string') return emit.call(this, event, ...values);
    bytes += text.length;
    return emit.call(this, event, text.replaceAll('line', 'LINE'));
  };
  onTestFinished(() => {
    prototype.emit = emit;
  });
  const path = join(tempDir(), 'gateway.log');
  appendFileSync(path, 'line 0\n');
  const following = new Following(path);
  await following.until(1);
  // The follower has read to the end and waits.
  await vi.waitFor(() => {
    appendFileSync(path, 'line\n');
    expect(bytes).toBeGreaterThan(0);
  });
  await following.untilTrue(() => following.lines.includes('LINE'));
  expect(following.lines[0]).toBe('line 0');
});
