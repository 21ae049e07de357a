/** Decisions about calls of tools, in workers of one store that are stopped and killed in the middle of whatever they do. */
import { expect, test } from 'vitest';
import { Approvals } from '../../../../daemon/worker/approvals/approvals.js';
import { ApprovalExpiry } from '../../../../daemon/worker/approvals/expiry.js';
import { ToolGate } from '../../../../daemon/worker/approvals/tool-gate.js';
import type { ProviderRegistry } from '../../../../daemon/worker/providers/registry.js';
import { listApprovals } from '../../../../daemon/worker/store/approvals/approvals.js';
import { createLiveness } from '../../../../daemon/worker/store/liveness.js';
import type { Store } from '../../../../daemon/worker/store/store.js';
import { queriesOf } from '../../../../daemon/worker/store/transaction.js';
import { WaitingTurns } from '../../../../daemon/worker/turns/steps/waiting-turns.js';
import { TurnJournal } from '../../../../daemon/worker/turns/turn-journal.js';
import { ToolBox } from '../../../../daemon/worker/turns/turn-tools.js';
import { GatewayError } from '../../../../shared/errors.js';
import { eventually } from '../../../helpers/eventually.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { logMemory } from '../../../helpers/log-memory.js';
import { mortalStore } from '../../../helpers/mortal-store.js';
import { openStore, session } from '../../../helpers/open-store.js';
import { seededRandom } from '../../../helpers/seeded-random.js';
import { testConfig } from '../../../helpers/test-config.js';

const ROUNDS = 10;
const TURNS = 20;
const TIMEOUT_MS = 60_000;
const STOPPING = new GatewayError('STOPPING', { message: 'the gateway is stopping' });
const NEVER = new AbortController().signal;

interface World {
  readonly store: Store;
  readonly clock: FakeClock;
  /** The inputs with which the tool ran. */
  readonly ran: string[];
  /** The result of a call that the model got, by the input. */
  readonly results: Map<string, string>;
  /** The decisions that were confirmed to those who made them, by the number of the approval. */
  readonly decided: Map<number, Set<string>>;
}

/** The tools that words of a question call; others call `pay`. */
const NAMES: Readonly<Record<string, string>> = { build: 'build', slow: 'slow__pay' };

const inputOf = (turn: string, call: number) => ({ turn, call, deep: { list: [1.5, null, '中文'] } });
type StartTurn = Parameters<WaitingTurns['start']>[0]['turns']['start'];
type AskedTurn = Pick<Parameters<StartTurn>[0], 'session' | 'text' | 'messageId' | 'previousTurnId' | 'hooks'>;

interface WorkerOptions {
  readonly instanceId: string;
  readonly death: Parameters<typeof mortalStore>[1];
  readonly isSlowReady: boolean;
}

/**
 * The parts of a worker that take part in turns that wait. The model calls tools in its only step, one for each word: `pay`,
 * `build`, which is allowed, or `slow__pay`, whose server may not be ready.
 */
function makeWorker({ store: file, clock, ran, results }: World, { instanceId, death, isSlowReady }: WorkerOptions) {
  const mortal = mortalStore(file, death);
  const { store } = mortal;
  const config = testConfig({
    agents: { defaults: { tools: [], permissions: { pay: 'ask', build: 'allow', slow__pay: 'ask' }, approvalTimeoutMs: TIMEOUT_MS } },
  });
  const [agent] = config.agents.list;
  if (agent === undefined) throw new Error('there is no agent');
  const liveness = createLiveness(instanceId, () => [instanceId]);
  const common = { store, clock, logger: logMemory(), instanceId, liveness, config: () => config };
  const registry = { defaultRef: async () => 'fake/one', resolve: () => ({}) } as unknown as ProviderRegistry;
  const waiting = new WaitingTurns({
    ...common,
    live: { touch: () => undefined },
    inbox: { wake: () => undefined },
    outbox: { enqueue: async () => undefined, wake: () => undefined },
    registry: () => registry,
  });
  const journal = new TurnJournal(common);
  const expiry = new ApprovalExpiry({ ...common, waiting });
  const gate = new ToolGate({ ...common, questions: { post: async () => undefined, posted: async () => void expiry.look() } });
  const tool = (name: string) => ({
    definition: { name, description: '', inputSchema: {} },
    hasEffects: true,
    isRepeatable: false,
    isBuiltIn: false,
    async run(input: unknown): Promise<string> {
      if (mortal.isDead()) return new Promise(() => undefined);
      if (name !== 'build') ran.push(JSON.stringify(input));
      return 'paid';
    },
  });
  const all = (isSlowReady ? ['pay', 'build', 'slow__pay'] : ['pay', 'build']).map(tool);
  const send = { channels: () => [], send: async () => '' };
  const box = new ToolBox({
    ...common,
    send,
    scheduler: undefined,
    others: { toolsFor: async () => all, whyMissing: () => undefined },
    gate,
  });
  const stop = new AbortController();
  const running = new Set<Promise<void>>();

  async function useTools(turn: Awaited<ReturnType<typeof journal.begin>>, text: string): Promise<'waiting' | 'done'> {
    const tools = await box.forTurn(agent as NonNullable<typeof agent>, turn, { signal: stop.signal });
    const calls = text.split(' ').map((word, call) => ({ id: `call_${call}`, name: NAMES[word] ?? 'pay', input: inputOf(text, call) }));
    const [step = { text: 'I pay.', calls, ref: 'fake/one', usage: null }] = turn.steps;
    const run = tools.run(step);
    for (;;) {
      const { done, value } = await run.next();
      if (done !== true) continue;
      if (value === 'waiting') return value;
      for (const [call, { output }] of value.entries()) results.set(JSON.stringify(inputOf(text, call)), output);
      return 'done';
    }
  }

  async function runTurn({ hooks, ...question }: AskedTurn): Promise<void> {
    const turn = await journal.begin({ ...question, mustExist: false, agentId: 'main' }, stop.signal, hooks);
    await turn.stored;
    const end = await useTools(turn, question.text);
    const state = stop.signal.aborted ? 'aborted' : end;
    await journal.end(
      turn,
      { state, reply: '', model: 'fake/one', usage: null, error: null },
      { replyId: '', stopReason: state === 'aborted' ? STOPPING : null, ended: () => Promise.resolve(true) },
    );
    if (state === 'waiting') await waiting.parked(turn.id, NEVER);
  }

  const track = (work: Promise<void>): Promise<void> => {
    const tracked = work.finally(() => running.delete(tracked));
    running.add(tracked);
    return tracked;
  };
  // eslint-disable-next-line require-yield
  const start: StartTurn = async function* (request) {
    await track(runTurn(request));
  };
  return {
    ...mortal,
    approvals: new Approvals({ ...common, waiting, findChat: async () => undefined }),
    expiry,
    waiting,
    ask: (text: string, peer: string) => track(runTurn({ session: session(peer), text })),
    async start() {
      await journal.interruptOrphans();
      await waiting.start({ turns: { start }, wakeJobs: () => undefined });
      await expiry.start();
    },
    /** Ends as a worker that is replaced does: what runs is stopped and stored. */
    async stop() {
      await Promise.all([expiry.stop(), waiting.stop()]);
      stop.abort(STOPPING);
      while (running.size > 0) await Promise.allSettled(running);
    },
  };
}

type Worker = ReturnType<typeof makeWorker>;

/** Somebody decides about something that waits, by whatever way; the answer may never come. */
async function decideOne({ store, decided }: World, { approvals, died }: Worker, random: () => number): Promise<void> {
  const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(random() * items.length)];
  const asked = pick(await store.read((tx) => listApprovals(tx, { limit: TURNS * 1.5 })));
  if (asked === undefined) return;
  const decision = pick(['approve', 'approve', 'deny'] as const) ?? 'deny';
  const by = { via: pick(['page', 'telegram', 'command']) ?? 'page', name: null };
  const answer = approvals.decide({ id: asked.id, decision, by }, undefined).then(
    ({ id, state }) => void decided.set(id, (decided.get(id) ?? new Set()).add(state)),
    (error: unknown) => expect(error).toMatchObject({ code: 'CONFLICT' }),
  );
  await Promise.race([answer, died]);
}

/** The turns of a round are asked for, all at once. */
const askAll = (worker: Worker, round: number, random: () => number): Promise<unknown> =>
  Promise.allSettled(
    Array.from({ length: TURNS }, (_, turn) => `r${round}t${turn}`).map((peer) =>
      worker.ask(`${peer}${['', '', ' twice', ' build slow'][Math.floor(random() * 4)]}`, peer),
    ),
  );

test('200 random interleavings of ask, decide, expire, restart and kill: each call runs once at most, only if it was approved, and exactly as it was asked', async () => {
  const random = seededRandom(33);
  const world: World = { store: await openStore(), clock: new FakeClock(), ran: [], results: new Map(), decided: new Map() };
  const { store, clock, ran, results, decided } = world;
  let workers = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    for (let life = 0; life < 3; life += 1) {
      // The last one lives on until all is done.
      const uses = life === 2 ? Infinity : 40 + Math.floor(random() * 400);
      const worker = makeWorker(world, {
        instanceId: `wk_${(workers += 1)}`,
        death: { uses, commits: random() < 0.5 },
        isSlowReady: life > 0,
      });
      const begun = life === 0 ? askAll(worker, round, random) : undefined;
      await Promise.race([worker.start(), worker.died]);
      for (let turn = 0; turn < TURNS / 2; turn += 1) {
        await Promise.all([1, 2, 3].map(() => decideOne(world, worker, random)));
        if (random() < 0.05) clock.advance(TIMEOUT_MS / 2);
      }
      if (random() < 0.7) await Promise.race([begun, worker.died]);
      if (life === 2) {
        clock.advance(TIMEOUT_MS);
        await worker.expiry.look();
        await eventually(async () => expect(await openTurns(store)).toEqual([]));
      }
      if (random() < 0.3) await Promise.race([worker.stop(), worker.died]);
      await worker.kill();
    }
  }
  const approvals = await store.read((tx) => listApprovals(tx, { limit: 1_000 }));
  expect(approvals.length).toBeGreaterThan(100);
  expect(ran.length).toBeGreaterThan(20);
  const approved = approvals.filter(({ state }) => state === 'approved').map(({ input }) => JSON.stringify(input));
  expect(ran.filter((one) => !approved.includes(one))).toEqual([]);
  for (const { id, state, input } of approvals) {
    const key = JSON.stringify(input);
    const runs = ran.filter((one) => one === key).length;
    const output = results.get(key);
    if (state === 'approved' && output?.startsWith('outcome unknown') === true) expect(runs).toBeLessThanOrEqual(1);
    else expect([state, output, runs]).toEqual(state === 'approved' ? [state, 'paid', 1] : [state, expect.stringMatching(/^not run: /), 0]);
    expect([...(decided.get(id) ?? [state])]).toEqual([state]);
  }
});

/** Those that are to go on; one that was killed before it could ask is interrupted, and nobody asks again. */
const openTurns = (store: Store): Promise<{ id: string }[]> =>
  store.read((tx) => queriesOf(tx).selectFrom('turns').select('id').where('state', 'in', ['running', 'waiting']).execute());
