import { expect, test } from 'vitest';
import { readNewestMessages } from '../../../../../daemon/worker/store/conversations/messages.js';
import { beginTurn, endTurn, holdTurn, markTurnUnrepeatable } from '../../../../../daemon/worker/store/conversations/turns.js';
import { readTurnSteps } from '../../../../../daemon/worker/store/turns/turn-steps.js';
import type { Tool } from '../../../../../daemon/worker/tools/tool.js';
import { StepLog, type StepOwner } from '../../../../../daemon/worker/turns/steps/step-log.js';
import { type ToolPlace, ToolRun } from '../../../../../daemon/worker/turns/steps/tool-run.js';
import { systemClock } from '../../../../../shared/clock.js';
import { GatewayError } from '../../../../../shared/errors.js';
import { logMemory } from '../../../../helpers/log-memory.js';
import { addSession, openStore } from '../../../../helpers/open-store.js';

const STOPPING = new GatewayError('STOPPING', { message: 'the gateway is stopping' });
const call = (name: string, id = name) => ({ id, name, input: { of: id } });
const step = (...calls: ReturnType<typeof call>[]) => ({ text: 'I do it.', calls, ref: 'fake/one', vendor: { signed: 'x' }, usage: null });

/** A turn whose tools note that they run. The gateway stops in the middle of the call that `stopsIn` names. */
async function makeWorld(stopsIn?: string, decided: Partial<Pick<ToolPlace, 'decide' | 'canWait' | 'decisions'>> = {}) {
  const store = await openStore();
  const session = await addSession(store, 'me');
  const turn = { id: 'turn_1', sessionId: session.id, agentId: 'main', instanceId: 'wk_1', tokenId: null, nowMs: 1 };
  await store.write((tx) => beginTurn(tx, turn));
  const ran: string[] = [];
  let stop = new AbortController();
  const tool = (name: string, kind: Pick<Tool, 'hasEffects' | 'isRepeatable'>): Tool => ({
    definition: { name, description: '', inputSchema: {} },
    ...kind,
    isBuiltIn: true,
    async run(input, { callKey, signal }) {
      ran.push(`${name} ${callKey.split(':').at(-1)}`);
      if ((input as { of: string }).of === stopsIn) stop.abort(STOPPING);
      signal.throwIfAborted();
      return `${name} is done`;
    },
  });
  const tools = [
    tool('look', { hasEffects: false, isRepeatable: true }),
    tool('pay', { hasEffects: true, isRepeatable: false }),
    tool('send', { hasEffects: true, isRepeatable: true }),
  ];
  const options = { store, clock: systemClock, logger: logMemory(), liveness: { validForMs: () => Infinity } };
  const whyMissing = (name: string) => (name.startsWith('slow__') ? "the MCP server 'slow' is not ready" : undefined);
  const gate = { decide: async () => 'allow' as const, canWait: true, decisions: () => new Map<number, never>(), whyMissing, ...decided };
  const run = async (what: Parameters<ToolRun['run']>[0], steps = 0, isWhole = false) => {
    stop = new AbortController();
    const id = 'turn_1';
    const noteEffects: StepOwner['noteEffects'] = (tx) => markTurnUnrepeatable(tx, id);
    const log = new StepLog(options, { id, sessionId: session.id, steps, hold: (tx) => holdTurn(tx, id), noteEffects });
    const place = { id, agentId: 'main', sessionKey: session.key, signal: stop.signal, maxIterations: 9, log, span: undefined, ...gate };
    const running = new ToolRun(options, tools, place).run(what);
    for (;;) {
      const next = await running.next();
      if (next.value === 'waiting') throw new Error('it waits');
      if (next.done === true)
        return next.value.map(({ output, isError }) => (isError ? `error: ${isWhole ? output : output.split(':')[0]}` : output));
    }
  };
  const read = () => store.read((tx) => readTurnSteps(tx, 'turn_1'));
  const messages = async () => {
    const rows = await store.read((tx) => readNewestMessages(tx, { sessionId: session.id, limit: 50 }));
    return rows.toReversed().map(({ content }) => content.split('\n').at(-1));
  };
  const addTool = (...added: Parameters<typeof tool>) => void tools.push(tool(...added));
  return { store, ran, run, read, messages, addTool };
}

test('a step is stored as it was written, and each call with its result', async () => {
  const { run, read, messages, ran } = await makeWorld();
  expect(await run(step(call('pay'), call('look'), call('launch')))).toEqual([
    'pay is done',
    'look is done',
    expect.stringContaining('no tool'),
  ]);
  const [stored] = await read();
  expect(stored).toMatchObject({ text: 'I do it.', ref: 'fake/one', vendor: { signed: 'x' }, usage: null });
  expect([...(stored?.begun.values() ?? [])].map((end) => end?.isError)).toEqual([false, false, true]);
  expect(await messages()).toEqual(['pay is done', 'look is done', expect.stringContaining('no tool')]);
  expect(ran).toEqual(['pay 0', 'look 1']);
});

test.each([
  {
    what: 'what cannot be repeated is of unknown outcome, and the rest runs',
    calls: [call('pay', 'a'), call('pay', 'b'), call('send', 'c')],
    ran: ['pay 0', 'pay 1', 'send 2'],
    results: ['pay is done', 'error: outcome unknown', 'send is done'],
  },
  {
    what: 'what happens once runs again under its key',
    calls: [call('pay', 'a'), call('send', 'b'), call('pay', 'c')],
    ran: ['pay 0', 'send 1', 'send 1', 'pay 2'],
    results: ['pay is done', 'send is done', 'pay is done'],
  },
  {
    what: 'what only looks runs again',
    calls: [call('look', 'a'), call('look', 'b')],
    ran: ['look 0', 'look 1', 'look 1'],
    results: ['look is done', 'look is done'],
  },
])('a step that the end of the gateway interrupted is continued: $what', async ({ calls, ...expected }) => {
  const { run, read, messages, ran } = await makeWorld('b');
  await run(step(...calls));
  const [stored] = await read();
  if (stored === undefined) throw new Error('the step is not stored');
  expect([stored.begun.get(0)?.output, stored.begun.get(1), stored.begun.has(1)]).toEqual([expected.results[0], undefined, true]);
  expect(await messages()).toEqual([expected.results[0]]);
  // The next worker is not stopped by it.
  const results = await run({ ...stored, calls: stored.calls.map((known) => ({ ...known, input: {} })) }, 1);
  expect(results).toEqual(expected.results);
  expect(ran).toEqual(expected.ran);
  expect(await messages()).toHaveLength(calls.length);
  expect([...((await read())[0]?.begun.values() ?? [])].every((end) => end !== undefined)).toBe(true);
});

test('nothing runs, and nothing is stored, once another worker has ended the turn', async () => {
  const { store, run, read, ran, messages } = await makeWorld();
  const end = { id: 'turn_1', state: 'interrupted', model: null, usage: null, error: null, nowMs: 2 } as const;
  await store.write((tx) => endTurn(tx, end));
  await expect(run(step(call('pay')))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect([ran, await read(), await messages()]).toEqual([[], [], []]);
});

test('a call that is not allowed is not run when its step is continued either', async () => {
  const decide: ToolPlace['decide'] = async ({ definition: { name } }) => (name === 'pay' ? 'deny' : name === 'send' ? 'ask' : 'allow');
  const { run, read, ran } = await makeWorld(undefined, { decide, canWait: false });
  const said = [expect.stringContaining('look is done'), expect.stringContaining('not run'), expect.stringContaining('not run')];
  const calls = [call('look'), call('send'), call('pay')];
  expect(await run(step(...calls))).toEqual(said);
  const [stored] = await read();
  if (stored === undefined) throw new Error('nothing is stored');
  // The worker ended when the first call had begun; here, the messages of the calls are stored already.
  const again = stored.calls.map(({ messageId: _messageId, ...known }) => known);
  expect(await run({ ...stored, calls: again, begun: new Map([[0, undefined]]) }, 1)).toEqual(said);
  expect(ran.map((one) => one.split(' ')[0])).toEqual(['look', 'look']);
});

test('a call whose tool was missing, so that nobody was asked, is not run when its step is continued', async () => {
  const decide: ToolPlace['decide'] = async ({ definition: { name } }) => (name.startsWith('slow__') ? 'ask' : 'allow');
  const { run, read, ran, addTool } = await makeWorld('pay', { decide });
  await run(step(call('pay'), call('slow__pay')));
  addTool('slow__pay', { hasEffects: true, isRepeatable: false });
  const [stored] = await read();
  if (stored === undefined) throw new Error('nothing is stored');
  expect(await run(stored, 1, true)).toEqual([
    expect.stringContaining('error: outcome unknown'),
    "error: not run: it needs a person's approval, which was not requested; call it again",
  ]);
  expect(ran).toEqual(['pay 0']);
});

test('a call that has begun and now needs approval is not run again; its outcome is unknown if it may have had an effect', async () => {
  const { run, read, ran, addTool } = await makeWorld(undefined, { decide: async () => 'ask' });
  await run(step(call('slow__set'), call('slow__get')));
  addTool('slow__set', { hasEffects: true, isRepeatable: true });
  addTool('slow__get', { hasEffects: false, isRepeatable: true });
  const [stored] = await read();
  if (stored === undefined) throw new Error('nothing is stored');
  const calls = stored.calls.map(({ messageId: _messageId, ...known }) => known);
  const begun = new Map([0, 1].map((index) => [index, undefined]));
  expect(await run({ ...stored, calls, begun }, 1, true)).toEqual([
    expect.stringContaining('error: outcome unknown'),
    expect.stringMatching(/^error: not run: .*call it again$/),
  ]);
  expect(ran).toEqual([]);
});

test('a tool that is not there says so, and a call of one that was denied says that', async () => {
  const decisions: ToolPlace['decisions'] = () =>
    new Map([
      [0, { state: 'approved', note: null }],
      [1, { state: 'denied', note: 'not on a Friday' }],
    ]);
  const { run, read } = await makeWorld(undefined, { decisions });
  await run(step(call('slow__both', 'a'), call('slow__both', 'b'), call('launch')));
  const [stored] = await read();
  if (stored === undefined) throw new Error('nothing is stored');
  const calls = stored.calls.map(({ messageId: _messageId, ...known }) => known);
  expect(await run({ ...stored, calls, begun: new Map() }, 1, true)).toEqual([
    "error: not run: the MCP server 'slow' is not ready",
    'error: not run: a person has denied it: not on a Friday',
    "error: there is no tool 'launch'; available tools: look, pay, send",
  ]);
});
