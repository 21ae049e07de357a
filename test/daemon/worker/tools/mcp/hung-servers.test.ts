import { expect, test } from 'vitest';
import { isAlive } from '../../../../../shared/node/process/process-identity.js';
import { eventually } from '../../../../helpers/eventually.js';
import { FakeClock } from '../../../../helpers/fake-clock.js';
import { mcpServers, misbehaving } from '../../../../helpers/mcp-servers.js';

test('a program that neither finishes a call nor answers a ping is ended, and the next call starts it again', async () => {
  const clock = new FakeClock();
  const { call, groups, state } = mcpServers({ odd: misbehaving('', { timeoutMs: 1_000 }) }, clock);
  // It is only slow: it answers the ping.
  await expect(call('odd', 'never')).rejects.toThrow('is too slow');
  expect(state('odd').state).toBe('running');
  const [pid = 0] = groups();
  process.kill(pid, 'SIGSTOP');
  const errors: string[] = [];
  const late = call('odd', 'echo').catch((error: Error) => void errors.push(error.message));
  await eventually(() => {
    if (state('odd').state === 'idle') clock.advance(5_000);
    expect(errors).toEqual(["the MCP server 'odd' is too slow: it did not finish 'echo' within 1000 ms (mcp.servers.odd.timeoutMs)"]);
    expect(isAlive(pid)).toBe(false);
  });
  await late;
  expect((await call('odd', 'echo', { input: { text: 'again' } })).text).toBe('again');
  expect(groups()).not.toContain(pid);
});
