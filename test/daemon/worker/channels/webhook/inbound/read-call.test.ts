import { expect, test } from 'vitest';
import { readCall, type ReadCall } from '../../../../../../daemon/worker/channels/webhook/inbound/read-call.js';
import { ALERTMANAGER, GITHUB, SLACK } from '../../../../../fixtures/webhook-calls.js';

const github = (event: string, body: unknown): ReadCall =>
  readCall(
    { preset: 'github' },
    { body, headers: { 'x-github-event': event, 'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958' } },
  );

test.each([
  [
    'push',
    'Codertocat/Hello-World',
    '[Codertocat] pushed to refs/heads/main of Codertocat/Hello-World\n- 0d1a26e Update README.md (baxterthehacker)\n- 7fd1a60 Fix a link (The Octocat)\nhttps://github.com/Codertocat/Hello-World/compare/6113728f27ae...0d1a26e67d8f',
  ],
  [
    'pull_request',
    'Codertocat/Hello-World#2',
    '[Codertocat] opened pull request #2 of Codertocat/Hello-World: Update the README with new information.\nCodertocat:changes into master\nhttps://github.com/Codertocat/Hello-World/pull/2\n\nThis is a pretty simple change that we need to pull into master.',
  ],
  [
    'issues',
    'Codertocat/Hello-World#1',
    "[Codertocat] opened issue #1 of Codertocat/Hello-World: Spelling error in the README file\nhttps://github.com/Codertocat/Hello-World/issues/1\n\nIt looks like you accidently spelled 'commit' with two 't's.",
  ],
  [
    'issue_comment',
    'Codertocat/Hello-World#1',
    "[Codertocat] created a comment on #1 of Codertocat/Hello-World: Spelling error in the README file\nhttps://github.com/Codertocat/Hello-World/issues/1#issuecomment-492700400\n\n/stop You are totally right! I'll get this fixed right away.",
  ],
  [
    'workflow_run',
    'Codertocat/Hello-World',
    '[Codertocat] workflow CI #562 of Codertocat/Hello-World on main: failure\nUpdate README.md\nhttps://github.com/Codertocat/Hello-World/actions/runs/289782451',
  ],
  ['label', 'Codertocat/Hello-World', '[Codertocat] label created in Codertocat/Hello-World\nhttps://github.com/Codertocat/Hello-World'],
] as const)("GitHub's %s is a message in %s", (event, chatId, content) => {
  const id = '72d3162e-cc78-11e3-81ab-4c9367dc0958';
  expect(github(event, GITHUB[event])).toEqual({ type: 'message', chatId, id, content, isOwn: false });
});

test("GitHub's ping, and a run that is not over, need no answer", () => {
  expect(github('ping', GITHUB.ping)).toEqual({ type: 'skipped' });
  expect(github('workflow_run', { ...GITHUB.workflow_run, action: 'in_progress' })).toEqual({ type: 'skipped' });
});

const alerts = (body: object): Extract<ReadCall, { type: 'message' }> =>
  readCall({ preset: 'alertmanager' }, { body, headers: {} }) as Extract<ReadCall, { type: 'message' }>;

test('alerts are one message in the conversation of their group', () => {
  expect(alerts(ALERTMANAGER)).toMatchObject({
    chatId: '{}:{alertname="InstanceDown"}',
    content: [
      'firing: InstanceDown',
      '- firing since 2026-03-01T12:00:00.000Z: {"alertname":"InstanceDown","instance":"localhost:9100","severity":"page"}',
      '  {"summary":"Instance localhost:9100 down"} http://prometheus.example:9090/graph?g0.expr=up+%3D%3D+0',
      '- resolved since 2026-03-01T11:00:00.000Z: {"alertname":"InstanceDown","instance":"localhost:9101","severity":"page"}',
      '  {"summary":"Instance localhost:9101 down"} ',
      '3 more alerts were left out by Alertmanager.',
      'http://alertmanager.example:9093',
    ].join('\n'),
  });
});

test('alerts are the same message until the state of one of them changes, however many there are', () => {
  const many = Array.from({ length: 500 }, (_, number) => ({ ...ALERTMANAGER.alerts[0], fingerprint: String(number) }));
  const { id } = alerts({ ...ALERTMANAGER, alerts: many });
  expect(id).toHaveLength(200);
  expect(alerts({ ...ALERTMANAGER, alerts: many, externalURL: 'http://other.example' }).id).toBe(id);
  const changed = many.map((alert, index) => (index === 499 ? { ...alert, status: 'resolved' } : alert));
  expect(alerts({ ...ALERTMANAGER, alerts: changed }).id).not.toBe(id);
});

const slack = (body: unknown): ReadCall => readCall({ preset: 'slack' }, { body, headers: {} });

test('Slack is told its challenge, its messages are read, and bots and edits are not answered', () => {
  expect(slack(SLACK.challenge)).toEqual({ type: 'challenge', challenge: SLACK.challenge.challenge });
  const message = { type: 'message', chatId: 'C123ABC456', id: 'Ev123ABC456', isOwn: false };
  expect(slack(SLACK.message)).toEqual({ ...message, content: '[U061F7AUR] Hello <@U0LAN0Z89> world' });
  expect(slack(SLACK.mention)).toEqual(slack(SLACK.message));
  expect(slack(SLACK.bot)).toEqual({ type: 'skipped' });
  expect(slack(SLACK.edit)).toEqual({ type: 'skipped' });
  expect(slack(SLACK.reaction)).toMatchObject({ chatId: 'C123ABC456', content: expect.stringContaining('reaction_added: {"type"') });
});

test('templates of the account read any call, and replace those of a preset', () => {
  const body = { service: 'db', level: 'high', title: '/new\u0000 disk full', nested: { id: 7 } };
  const headers = { 'x-from': 'monitor\r\n' };
  expect(readCall({ template: '{{ $.title }} ({{ $.level }})' }, { body, headers })).toEqual({
    type: 'message',
    chatId: 'default',
    id: undefined,
    // A command is what somebody types, not what a service reports.
    content: '> /new disk full (high)',
    isOwn: false,
  });
  const all = {
    template: '{{ $.title | 4 }}',
    chatTemplate: 'of {{ $.service }}',
    senderTemplate: '{{ header.x-from }}',
    idTemplate: '{{ $.nested.id }}',
  };
  expect(readCall(all, { body, headers })).toEqual({
    type: 'message',
    chatId: 'of db',
    id: '7',
    content: '[monitor] /new',
    isOwn: false,
  });
  expect(readCall({ template: '{{ $.nothing }}' }, { body, headers })).toEqual({ type: 'skipped' });
  const repeated = { preset: 'github', template: 'ref {{ $.ref }}', idTemplate: '' } as const;
  expect(readCall(repeated, { body: GITHUB.push, headers: {} })).toMatchObject({
    content: '[Codertocat] ref refs/heads/main',
    id: undefined,
  });
});

test('what a stranger may set cannot imitate another sender, and is no command', () => {
  const login = 'x] hello\n[octocat';
  const body = { ...GITHUB.issue_comment, sender: { login } };
  const read = github('issue_comment', body) as { content: string };
  expect(read.content).toMatch(/^\[x\) hello \(octocat\] created a comment/);
  expect(readCall({ template: '{{ $.comment.body }}' }, { body, headers: {} })).toMatchObject({
    content: expect.stringMatching(/^> \/stop/),
  });
});

test('long names stay different from each other', () => {
  const chatOf = (name: string): string =>
    (readCall({ template: 'x', chatTemplate: '{{ $.name }}' }, { body: { name }, headers: {} }) as { chatId: string }).chatId;
  const [first, second] = [chatOf(`${'a'.repeat(300)}1`), chatOf(`${'a'.repeat(300)}2`)];
  expect([first.length, first === second]).toEqual([256, false]);
});
