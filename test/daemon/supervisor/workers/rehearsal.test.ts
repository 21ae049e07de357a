import { expect, test } from 'vitest';
import { rehearse, REHEARSAL_LIMIT_MS } from '../../../../daemon/supervisor/workers/rehearsal.js';
import type { ChildExit } from '../../../../daemon/supervisor/workers/child-process.js';
import { type FakeChild, fakeSpawn } from '../../../helpers/fake-child.js';
import { FakeClock } from '../../../helpers/fake-clock.js';

function rehearsing(): { outcome: Promise<void>; child: FakeChild; clock: FakeClock } {
  const { spawn, last } = fakeSpawn();
  const clock = new FakeClock();
  const outcome = rehearse(spawn, clock, { port: 1 });
  return { outcome, child: last('supervisor'), clock };
}

test('starts the installed supervisor with our options, for show', async () => {
  const { outcome, child, clock } = rehearsing();
  expect(child.options).toMatchObject({ boot: { flags: { port: 1 }, rehearsal: true } });
  child.exits({ code: 0 });
  await outcome;
  clock.advance(REHEARSAL_LIMIT_MS);
  expect(child.kills).toBe(0);
});

test('fails with the reason that it gives', async () => {
  const { outcome, child } = rehearsing();
  child.says({ type: 'failed', error: { code: 'CONFIG_INVALID', message: 'config.json:1:2 gateway.port' } });
  child.exits({ code: 78 });
  await expect(outcome).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: 'config.json:1:2 gateway.port' });
});

test.each<[Partial<ChildExit>, string]>([
  [{ code: 1 }, '(exit code 1)'],
  [{ signal: 'SIGSEGV' }, '(SIGSEGV)'],
  [{ code: null, spawnError: 'spawn node ENOENT' }, '(spawn node ENOENT)'],
])('fails with how it ended: %j', async (exit, says) => {
  const { outcome, child } = rehearsing();
  child.exits(exit);
  await expect(outcome).rejects.toMatchObject({ code: 'SUCCESSION_FAILED', message: expect.stringContaining(says) as string });
});

test('one that hangs is ended', async () => {
  const { outcome, child, clock } = rehearsing();
  clock.advance(REHEARSAL_LIMIT_MS);
  expect(child.kills).toBe(1);
  child.exits({ signal: 'SIGKILL' });
  await expect(outcome).rejects.toMatchObject({ code: 'SUCCESSION_FAILED' });
});
