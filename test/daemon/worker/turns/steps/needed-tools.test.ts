import { expect, test } from 'vitest';
import type { Store } from '../../../../../daemon/worker/store/store.js';
import type { BegunTurn } from '../../../../../daemon/worker/turns/turn-journal.js';
import { ToolBox } from '../../../../../daemon/worker/turns/turn-tools.js';
import { logMemory } from '../../../../helpers/log-memory.js';
import { FakeClock } from '../../../../helpers/fake-clock.js';
import { testConfig } from '../../../../helpers/test-config.js';

test('the tools of calls that are still to run are needed: not of those that are done or that nobody allowed', async () => {
  const asked: (readonly string[] | undefined)[] = [];
  const config = testConfig();
  const [agent] = config.agents.list;
  if (agent === undefined) throw new Error('no agent');
  const box = new ToolBox({
    store: {} as Store,
    clock: new FakeClock(),
    logger: logMemory(),
    liveness: { validForMs: () => Infinity },
    config: () => config,
    send: { channels: () => [], send: async () => '' },
    scheduler: undefined,
    others: {
      whyMissing: () => undefined,
      async toolsFor(_agent, _signal, needed) {
        asked.push(needed);
        return [];
      },
    },
    gate: { isDenied: () => false, decide: async () => 'allow', ask: async () => undefined, announce: async () => undefined },
  });
  const calls = ['a__done', 'b__approved', 'c__denied', 'd__begun'].map((name) => ({ id: name, name, input: {}, key: name }));
  const steps = [{ ref: 'fake/one', text: '', calls, usage: null, begun: new Map([[0, { output: '', isError: false }]]) }];
  const approvals = [
    { step: 0, callIndex: 1, state: 'approved' },
    { step: 0, callIndex: 2, state: 'denied' },
  ];
  const turn = { id: 'turn_1', session: { id: 1, key: 'main:x' }, steps, approvals } as unknown as BegunTurn;
  await box.forTurn(agent, turn, { signal: new AbortController().signal });
  await box.forTurn(agent, { ...turn, steps: [] }, { signal: new AbortController().signal });
  expect(asked).toEqual([['b__approved', 'd__begun'], []]);
});
