/** What an answer, a file or a server of somebody else says cannot act on the terminal of whoever reads it. */
import { expect, test } from 'vitest';
import { answers, fakeControl, sampleStatus } from '../../fakes/control-socket.js';
import { fakeHttp, json } from '../../fakes/http-server.js';
import { runCommand } from '../../helpers/command-line.js';
import { testPaths } from '../../helpers/lock-file.js';

/** Sets the window's title, clears the screen, and reverses the text. */
const HOSTILE = '\u001b]0;owned\u0007\u001b[2J\u202e';
const SHOWN = '\\x1b]0;owned\\x07\\x1b[2J\\u202e';

const pairing = { channel: 'telegram', senderId: '7', senderName: HOSTILE };
const mcp = { ok: true, error: null, durationMs: 1, server: { name: HOSTILE, version: '1' }, version: '1', tools: 2 };

const rows: readonly (readonly [args: string[], answer: object])[] = [
  [['mcp', 'test', 'weather'], mcp],
  [['channels', 'approve', 'telegram', 'ABCD2345'], { pairing }],
  [['approve', '12'], { approval: { id: 12, state: 'approved', tool: HOSTILE } }],
  [['sessions', 'restore', 'a'], { session: { key: HOSTILE, messageCount: 1 } }],
  [['sessions', 'tag', 'a'], { session: { key: 'a', tags: [HOSTILE] } }],
  [['cron', 'enable', 'job_1'], { job: { id: HOSTILE, enabled: false } }],
  [['cron', 'next', '* * * * *'], { timezone: HOSTILE, words: { en: 'a', zh: 'b' }, warning: null, warningCode: null, runs: [] }],
  [['messages', 'retry', 'msg_1'], { message: { id: 'msg_1', status: HOSTILE } }],
  [['token', 'revoke', 'ci'], { token: { name: HOSTILE } }],
];

test.each(rows)('%j shows the control characters of what it is answered', async (args, answer) => {
  const server = await fakeHttp((_request, response) => json(response, answer));
  const { home, controlPath } = testPaths();
  await fakeControl(controlPath, answers({ ...sampleStatus, port: server.port }));
  const { code, stdout, stderr } = await runCommand(args, { home, isTTY: true, variables: { NO_COLOR: '1' } });
  expect([code, stdout.includes(SHOWN), `${stdout}${stderr}`.includes('\u001b')], stdout).toEqual([0, true, false]);
});
