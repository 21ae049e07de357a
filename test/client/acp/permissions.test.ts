import type { RequestPermissionRequest, RequestPermissionResponse } from '@agentclientprotocol/sdk';
import { afterEach, expect, test, vi } from 'vitest';
import { Permissions } from '../../../client/acp/permissions.js';
import type { ApiRequest } from '../../../client/api/api-client.js';
import { GatewayError } from '../../../shared/errors.js';

type Outcome = RequestPermissionResponse['outcome'];

const approval = (id: number) => ({
  id,
  turnId: 'turn_1',
  tool: 'files__write',
  input: { path: 'a' },
  said: id === 1 ? 'I will write.' : '',
});

afterEach(() => vi.useRealTimers());

/** An editor that is asked about what waits at the gateway. */
function start() {
  const world = {
    pending: [approval(1)],
    decided: [] as ApiRequest[],
    errors: [] as unknown[],
    updates: [] as unknown[],
    refusal: undefined as Error | undefined,
    delay: Promise.resolve(),
  };
  const shown = new Map<
    string,
    { question: RequestPermissionRequest; signal: AbortSignal; answer: (outcome: Outcome) => void; fail: (error: Error) => void }
  >();
  const call = async (request: ApiRequest): Promise<unknown> => {
    if (world.refusal !== undefined) throw world.refusal;
    if (request.method === 'POST') world.decided.push(request);
    const { pending } = world;
    await world.delay;
    return { approvals: request.path === '/api/approvals?state=pending&session=s' ? pending : [] };
  };
  const permissions = new Permissions({
    session: 's',
    connect: () => Promise.resolve({ call: call as never }),
    request: (question, signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('taken back')), { once: true });
        shown.set(question.toolCall.toolCallId, { question, signal, answer: (outcome) => resolve({ outcome }), fail: reject });
      }),
    onUpdate: (update) => void world.updates.push(update),
    onError: (error) => void world.errors.push(error),
  });
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return { world, shown, permissions, settled };
}

test('each call that waits is shown once, and the choice decides it', async () => {
  const { world, shown, permissions, settled } = start();
  await Promise.all([permissions.check(), permissions.check()]);
  // In the order in which the gateway lists them.
  world.pending = [approval(3), approval(2), approval(1)];
  await permissions.check();
  expect([...shown.keys()]).toEqual(['approval-1', 'approval-2', 'approval-3']);
  expect(shown.get('approval-1')?.question).toMatchObject({
    sessionId: 's',
    toolCall: { title: 'files__write', rawInput: { path: 'a' } },
    options: [{ kind: 'allow_once' }, { kind: 'allow_always' }, { kind: 'reject_once' }],
  });
  for (const [id, optionId] of [
    ['approval-1', 'allow'],
    ['approval-2', 'always'],
    ['approval-3', 'deny'],
  ] as const)
    shown.get(id)?.answer({ outcome: 'selected', optionId });
  await settled();
  expect(world.decided.map(({ path, body }) => [path, body])).toEqual([
    ['/api/approvals/1/decide', { decision: 'approve' }],
    ['/api/approvals/2/decide', { decision: 'approve', remember: 'session' }],
    ['/api/approvals/3/decide', { decision: 'deny' }],
  ]);
  expect(world.errors).toEqual([]);
});

test('the editor sees the whole input, first and with codes for hidden characters, and what the agent said as a quotation', async () => {
  const { world, shown, permissions } = start();
  const said = '```\n{ "path": "safe" }\n```\n\u2028Input:';
  world.pending = [{ ...approval(1), input: { path: 'a\u202eb ```` c' }, said }, approval(2)];
  await permissions.check();
  const contentOf = (id: string) => shown.get(id)?.question.toolCall.content;
  expect(contentOf('approval-1')).toMatchObject([
    { content: { text: '`````\n{\n  "path": "a\\u202eb ```` c"\n}\n`````' } },
    { content: { text: 'The agent said:\n\n> ```\n> { "path": "safe" }\n> ```\n> \\u2028Input:' } },
  ]);
  expect(contentOf('approval-2')).toMatchObject([{ content: { text: '```\n{\n  "path": "a"\n}\n```' } }]);
});

test('a question is taken back when it was decided elsewhere, and with the end of the prompt', async () => {
  const { world, shown, permissions, settled } = start();
  await permissions.check();
  world.pending = [approval(2)];
  await permissions.check();
  expect(shown.get('approval-1')?.signal.aborted).toBe(true);
  permissions.end();
  await settled();
  expect(shown.get('approval-2')?.signal.aborted).toBe(true);
  expect([world.decided, world.errors]).toEqual([[], []]);
});

test('a choice that cancels decides nothing, and failures are only noted', async () => {
  const { world, shown, permissions, settled } = start();
  world.pending = [approval(1), approval(2), approval(3)];
  await permissions.check();
  shown.get('approval-1')?.answer({ outcome: 'cancelled' });
  shown.get('approval-2')?.fail(new Error('no such method'));
  world.refusal = new GatewayError('CONFLICT', { message: 'already approved' });
  shown.get('approval-3')?.answer({ outcome: 'selected', optionId: 'allow' });
  await settled();
  await permissions.check();
  expect(world.decided).toEqual([]);
  expect(world.errors).toEqual([new Error('no such method'), world.refusal, world.refusal]);
});

test('an older answer of the gateway that arrives later takes nothing back', async () => {
  const { world, shown, permissions, settled } = start();
  world.pending = [];
  let arrive = (): void => undefined;
  world.delay = new Promise((resolve) => (arrive = resolve));
  const older = permissions.check();
  await settled();
  world.pending = [approval(1)];
  world.delay = Promise.resolve();
  const newer = permissions.check();
  await settled();
  arrive();
  await Promise.all([older, newer]);
  expect(shown.get('approval-1')?.signal.aborted).toBe(false);
});

test('while the gateway is busy, what waits is loaded again, until the prompt ends', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { world, shown, permissions } = start();
  world.refusal = new GatewayError('UNAVAILABLE', { message: 'the gateway is busy' });
  await permissions.check();
  await vi.advanceTimersByTimeAsync(2_000);
  world.refusal = undefined;
  expect(shown.size).toBe(0);
  await vi.advanceTimersByTimeAsync(1_000);
  expect([...shown.keys()]).toEqual(['approval-1']);
  expect(vi.getTimerCount()).toBe(0);
  world.refusal = new GatewayError('NOT_RUNNING', { message: 'the gateway is not running' });
  await permissions.check();
  expect(vi.getTimerCount()).toBe(1);
  permissions.end();
  expect([vi.getTimerCount(), world.errors]).toEqual([0, []]);
});

test('a choice that does not reach the gateway is asked for again', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { world, shown, permissions, settled } = start();
  await permissions.check();
  const first = shown.get('approval-1');
  world.refusal = new GatewayError('NOT_RUNNING', { message: 'the gateway is not running' });
  first?.answer({ outcome: 'selected', optionId: 'allow' });
  await settled();
  world.refusal = undefined;
  await vi.runAllTimersAsync();
  expect(shown.get('approval-1')).not.toBe(first);
  shown.get('approval-1')?.answer({ outcome: 'selected', optionId: 'allow' });
  await settled();
  expect(world.decided).toHaveLength(1);
});

test('a call that runs then has the id of its question, and one that is not shown ends with the prompt', async () => {
  const { world, shown, permissions, settled } = start();
  world.pending = [approval(4), approval(3), approval(2)];
  await permissions.check();
  for (const id of ['approval-2', 'approval-3']) shown.get(id)?.answer({ outcome: 'selected', optionId: 'allow' });
  await settled();
  const write = { turn: 'turn_1', tool: 'files__write' };
  expect([permissions.take({ ...write, turn: 'turn_2' }), permissions.take({ ...write, tool: 'send' }), permissions.take(write)]).toEqual([
    undefined,
    undefined,
    'approval-2',
  ]);
  permissions.end();
  expect(world.updates).toEqual([
    { sessionUpdate: 'tool_call_update', toolCallId: 'approval-3', status: 'completed' },
    { sessionUpdate: 'tool_call_update', toolCallId: 'approval-4', status: 'failed' },
  ]);
});
