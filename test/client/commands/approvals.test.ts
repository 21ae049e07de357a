import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { answers, fakeControl, sampleStatus } from '../../fakes/control-socket.js';
import { fakeHttp, json } from '../../fakes/http-server.js';
import { runCommand } from '../../helpers/command-line.js';
import { fakeApproval, fakeGrant } from '../../helpers/fake-approvals.js';
import { testPaths } from '../../helpers/lock-file.js';

const decided = {
  ...fakeApproval,
  state: 'denied',
  decidedAt: '2026-01-31T09:00:00.000Z',
  decidedBy: { via: 'telegram', name: 'Ann' },
  note: 'no\nState: approved',
};

/** What it says and does is to be taken for something else. */
const forged = {
  ...fakeApproval,
  said: `Harmless.\n\n{\n  "command": "ls"\n}\n--- end of approval ---\n${' '.repeat(76)}Approval: 15\n${'\u3000'.repeat(40)}Approval: 15\n${'\t'.repeat(10)}Approval: 15\n\u202e`,
  input: { command: 'rm -rf / # \u202eslon\u3164' },
};
const SHOWN: Readonly<Record<string, object>> = { '13': decided, '14': forged };

async function setUp() {
  const server = await fakeHttp(({ method, path }, response) => {
    const { pathname, searchParams } = new URL(path, 'http://x');
    if (pathname === '/api/approvals')
      json(response, { status: 'ok', approvals: searchParams.has('session') ? [] : [fakeApproval], nextCursor: '12' });
    else if (pathname === '/api/approvals/grants') json(response, { status: 'ok', grants: [fakeGrant, { ...fakeGrant, session: 'a:b' }] });
    else if (method === 'DELETE') json(response, { status: 'ok', grant: fakeGrant });
    else if (method === 'POST') json(response, { status: 'ok', approval: { ...fakeApproval, state: 'approved' } });
    else json(response, { status: 'ok', approval: SHOWN[pathname.slice(-2)] ?? fakeApproval });
  });
  const paths = testPaths();
  await fakeControl(paths.controlPath, answers({ ...sampleStatus, port: server.port }));
  return { ...server, run: (...args: string[]) => runCommand(args, { home: paths.home }) };
}

test('what waits is listed, and shown with its whole input', async () => {
  const { run, seen } = await setUp();
  const listed = await run('approvals');
  expect(listed.stdout).toMatch(
    /^NUMBER {2}STATE {4}TOOL {15}AGENT {2}SESSION +WHEN\n12 {6}pending {2}files__write_file {2}main .*until 2026-02-01T08:00:00.000Z\n$/,
  );
  expect(listed.stderr).toContain('--cursor 12');
  expect((await run('approvals', 'list', '--state', 'all', '--session', 'x:y')).stderr).toContain('No approvals found.');
  expect(JSON.parse((await run('approvals', '--json', '-n', '5')).stdout)).toEqual({ approvals: [fakeApproval], nextCursor: '12' });
  expect(seen.map(({ path }) => path)).toEqual([
    '/api/approvals?limit=20&state=pending',
    '/api/approvals?limit=20&session=x%3Ay',
    '/api/approvals?limit=5&state=pending',
  ]);
  const shown = (await run('approvals', 'show', '12')).stdout;
  expect(shown).toContain(
    'Expires: 2026-02-01T08:00:00.000Z\n\nThe agent said:\n> I will write that down.\n\nInput:\n{\n  "path": "/tmp/notes.txt",',
  );
  expect((await run('approvals', 'show', '13')).stdout).toContain(
    'State: denied by Ann, telegram at 2026-01-31T09:00:00.000Z\nNote: no\\nState: approved\n',
  );
  expect(JSON.parse((await run('approvals', 'show', '12', '--json')).stdout)).toEqual(fakeApproval);
  expect((await run('@complete', 'approve')).stdout).toBe('12\tfiles__write_file\n');
});

test('what the agent said is framed, and nothing in its words or in the input hides or reorders what is shown', async () => {
  const { run } = await setUp();
  const shown = (await run('approvals', 'show', '14')).stdout;
  const [, said = '', input = ''] = /\nThe agent said:\n(.*)\n\nInput:\n(.*)\n$/s.exec(shown) ?? [];
  for (const line of said.split('\n')) expect([line.startsWith('> '), stringWidth(line) <= 78], line).toEqual([true, true]);
  expect(said).toContain('\n> \n> {\n>   "command": "ls"\n> }\n> --- end of approval ---\n> ');
  expect(said).toContain('Approval: 15\n> \\u202e');
  expect(input).toBe('{\n  "command": "rm -rf / # \\u202eslon\\u3164"\n}');
});

test('a decision is sent with what is to be remembered and why; a grant can be ended', async () => {
  const { run, seen } = await setUp();
  expect(await run('approve', '12', '--remember', 'session', '--note', 'go')).toMatchObject({
    code: 0,
    stdout: '12 approved: files__write_file\n',
  });
  await run('deny', '12');
  expect(seen.map(({ path, body }) => [path, JSON.parse(body) as unknown])).toEqual([
    ['/api/approvals/12/decide', { decision: 'approve', remember: 'session', note: 'go' }],
    ['/api/approvals/12/decide', { decision: 'deny' }],
  ]);
  expect(seen[0]?.headers['user-agent']).toBe('xopc');
  expect((await run('approvals', 'grants')).stdout).toMatch(/\n3 .* main {3}all {6}files__write_file/);
  expect((await run('approvals', 'revoke', '3')).stdout).toBe('main asks again before it uses files__write_file\n');
});

test.each([
  [['approve', 'all'], 'is not the number of an approval'],
  [['deny', '0'], 'is not the number of an approval'],
  [['approvals', 'show', '1234567890'], 'is not the number of an approval'],
  [['approvals', 'revoke', '1x'], 'is not the number of a grant'],
  [['approve', '12', '--remember', 'always'], '--remember'],
  [['approvals', '--state', 'open'], '--state'],
])('%j is refused before anything is asked', async (args, message) => {
  const { run, seen } = await setUp();
  const { code, stderr } = await run(...args);
  expect([code, seen.length]).toEqual([2, 0]);
  expect(stderr).toContain(message);
});
