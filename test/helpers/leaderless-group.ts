/** An MCP server whose leader has exited while another process of its group is left. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import type { LockedChild } from '../../shared/node/files/lock-record.js';
import { isAlive } from '../../shared/node/process/process-identity.js';
import { TOOL_SERVER_MARK } from '../../shared/node/process/env.js';
import { exitOf } from './fixture-process.js';

const LEADER = `const c = require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  process.stdout.write(String(c.pid), () => process.exit())`;

/** @param options.isMarked  false: a group that no gateway has started */
export async function leaderlessGroup({ isMarked = true } = {}): Promise<{ leader: LockedChild; other: number }> {
  const mark = isMarked ? { [TOOL_SERVER_MARK.name]: TOOL_SERVER_MARK.value } : {};
  const leader = spawn(process.execPath, ['-e', LEADER], {
    detached: true,
    env: { ...process.env, ...mark },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [other] = (await once(leader.stdout, 'data')).map(Number) as [number];
  onTestFinished(() => void (isAlive(other) && process.kill(other, 'SIGKILL')));
  await exitOf(leader);
  return { leader: { role: 'tool', pid: leader.pid ?? -1, startTime: '1' }, other };
}
