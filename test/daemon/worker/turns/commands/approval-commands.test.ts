import { expect, test } from 'vitest';
import type { MadeDecision } from '../../../../../daemon/worker/approvals/approvals.js';
import { createApprovalCommands, isDecision } from '../../../../../daemon/worker/turns/commands/approval-commands.js';
import { CommandRegistry } from '../../../../../daemon/worker/turns/commands/commands.js';
import { GatewayError } from '../../../../../shared/errors.js';
import { fakeApproval } from '../../../../helpers/fake-approvals.js';

const CHAT = 'main:telegram:default:group:-7';

function makeChat() {
  const decisions: MadeDecision[] = [];
  const approval = { ...fakeApproval, session: CHAT };
  const ofJob = { ...approval, id: 15, session: 'main:cron:default:direct:job_1' };
  const commands = new CommandRegistry(
    createApprovalCommands({
      pendingIn: async ({ sessionKey }) => (sessionKey === CHAT ? [approval, { ...approval, id: 14 }] : []),
      async findIn(id, { sessionKey, chat }) {
        if (sessionKey !== CHAT || chat.channel !== 'telegram' || chat.chatId !== '-7') return undefined;
        return id === 15 ? ofJob : id === 12 ? approval : undefined;
      },
      async decide(decision) {
        const { remember = null } = decision;
        const state = decision.decision === 'approve' ? 'approved' : 'denied';
        if (decision.id === 15) return { ...ofJob, state, remember };
        if (decisions.length > 0) throw new GatewayError('CONFLICT', { message: 'It was decided by Ann.' });
        decisions.push(decision);
        return { ...approval, state, remember };
      },
    }),
  );
  const say = async (text: string, sessionKey = CHAT, decider?: MadeDecision['by']): Promise<string | undefined> => {
    const { command, call } = commands.match(text) ?? {};
    const place = { sessionId: 1, sessionKey, agentId: 'main', model: 'a/b', callKey: 'k', hasStopped: false, decider };
    return command && call && command.run({ ...call, ...place });
  };
  return { say, decisions, commands };
}

test.each([
  ['/approve 12', { decision: 'approve' }, 'Approved: 12 (`files__write_file`).'],
  [
    '/approve@bot 12 always',
    { decision: 'approve', remember: 'session' },
    'Approved: 12 (`files__write_file`). It is not asked about again in this chat.',
  ],
  ['/deny 12 not that\nfile', { decision: 'deny', note: 'not that\nfile' }, 'Denied: 12 (`files__write_file`).'],
  ['/deny 12 always', { decision: 'deny', note: 'always' }, 'Denied: 12 (`files__write_file`).'],
])('%j decides about a call of its own chat', async (text, decision, reply) => {
  const { say, decisions } = makeChat();
  expect(await say(text)).toBe(reply);
  expect(decisions).toEqual([{ ...decision, id: 12, by: { via: 'telegram', name: null } }]);
  expect(await say(text)).toBe('It was decided by Ann.');
  expect(await say('/approve 15 always')).toBe('Approved: 15 (`files__write_file`). It is not asked about again by this job.');
});

test('a decision that a program makes as the chat is the program’s', async () => {
  const { say, decisions } = makeChat();
  const by = { via: 'api', name: 'ci' };
  await say('/approve 12', CHAT, by);
  expect(decisions).toEqual([{ decision: 'approve', id: 12, by }]);
});

test('what is not a number of this chat decides nothing, and what a webhook says neither', async () => {
  const { say, decisions } = makeChat();
  for (const text of ['/approve', '/approve all', '/deny -1', '/approve 1234567890', '/approve 12x'])
    expect(await say(text)).toMatch(/^Write \/approve NUMBER/);
  for (const [text, chat] of [
    ['/approve 13', CHAT],
    ['/approve 12', 'main:telegram:default:direct:7'],
  ] as const)
    expect(await say(text, chat)).toMatch(/^There is no approval 1[23] in this chat/);
  expect(await say('/approve 12', 'main:webhook:default:direct:x')).toMatch(/^Webhook messages cannot decide/);
  expect(decisions).toEqual([]);
  expect(await say('/approvals')).toMatch(/^12: `files__write_file`, until 2026-02-01T08:00:00.000Z\n14: .*\nWrite /);
  expect(await say('/approvals', 'other')).toBe('Nothing waits for a decision here.');
});

test('only people of a chat decide by a command', () => {
  const { commands } = makeChat();
  for (const asker of ['program', 'job'] as const)
    expect(['/approve 12', '/deny 12'].map((text) => commands.match(text, asker))).toEqual([undefined, undefined]);
});

test('decisions are told from other messages', () => {
  expect(['/approve 12', ' /DENY 3 no', '/approvals', '/approve@my_bot 12'].map(isDecision)).toEqual([true, true, true, true]);
  expect(['/approved 12', 'please /approve 12', '/stop', '/approve-all', ''].map(isDecision)).toEqual([false, false, false, false, false]);
});
