import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { ProcessGroups } from '../../../../daemon/supervisor/workers/process-groups.js';
import { isAlive } from '../../../../shared/node/process/process-identity.js';
import { eventually } from '../../../helpers/eventually.js';
import { activeWorker } from '../../../helpers/fake-worker.js';

/** A group with a leader and another process. @returns both pids */
async function startGroup(): Promise<{ leader: ChildProcess; pid: number; other: number }> {
  const leader = spawn('/bin/sh', ['-c', 'sleep 1000 & echo $!; wait'], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  const [text] = (await once(leader.stdout, 'data')) as [Buffer];
  const [pid, other] = [leader.pid ?? 0, Number(String(text))];
  onTestFinished(() => void (isAlive(other) && process.kill(other, 'SIGKILL')));
  return { leader, pid, other };
}

test('the groups of a worker are in the lock, and end with it', async () => {
  const [first, second, late] = [await startGroup(), await startGroup(), await startGroup()];
  const { worker, child, messages } = activeWorker();
  child.says({ type: 'children', pids: [first.pid] });
  child.says({ type: 'children', pids: [first.pid, second.pid] });
  expect(messages.filter(({ type }) => type === 'children')).toHaveLength(2);
  const leaders = worker.groups.locked();
  expect(leaders).toMatchObject([{ role: 'tool', pid: first.pid, startTime: expect.any(String) as string }, { pid: second.pid }]);
  // Of one group only the leader has ended before.
  first.leader.kill('SIGKILL');
  await once(first.leader, 'exit');
  child.exits({ signal: 'SIGKILL' });
  // Its last message arrives after its exit.
  child.says({ type: 'children', pids: [first.pid, second.pid, late.pid] });
  const all = [first.other, second.pid, second.other, late.pid, late.other];
  await eventually(() => expect(all.filter(isAlive)).toEqual([]));
  expect(worker.groups.locked()).toEqual([]);
});

test('what is no list of pids is ignored', () => {
  const groups = new ProcessGroups();
  for (const odd of [undefined, null, 'x', {}, [1, 0, -1, 1.5, '7', null, NaN]]) groups.note(odd);
  expect(groups.locked()).toEqual([]);
  groups.kill();
});

test('a pid that means another process by now ends nothing', async () => {
  const { leader, pid } = await startGroup();
  const groups = new ProcessGroups();
  groups.note([pid]);
  Object.assign(groups.locked()[0] ?? {}, { startTime: 'of another process' });
  groups.kill();
  const exit = once(leader, 'exit');
  process.kill(-pid, 'SIGTERM');
  expect(await exit).toEqual([null, 'SIGTERM']);
});
