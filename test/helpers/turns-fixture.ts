/** A turn runner over a real store, with models that give scripted events. */
import type { Provider, ProviderEvent } from '../../daemon/worker/providers/provider.js';
import { readNewestMessages } from '../../daemon/worker/store/conversations/messages.js';
import { findSession } from '../../daemon/worker/store/conversations/sessions.js';
import type { Store } from '../../daemon/worker/store/store.js';
import { AttachedFiles } from '../../daemon/worker/turns/attached-files.js';
import { CommandRegistry } from '../../daemon/worker/turns/commands/commands.js';
import { LiveText } from '../../daemon/worker/turns/live-text.js';
import { LiveTurns } from '../../daemon/worker/turns/live-turns.js';
import type { Candidate } from '../../daemon/worker/turns/model/answer.js';
import { type TurnChange, TurnJournal } from '../../daemon/worker/turns/turn-journal.js';
import type { TurnRequest } from '../../daemon/worker/turns/turn-request.js';
import { TurnRunner, type TurnRunnerOptions } from '../../daemon/worker/turns/turn-runner.js';
import { ToolBox, type TurnToolsOptions } from '../../daemon/worker/turns/turn-tools.js';
import { FakeClock } from './fake-clock.js';
import { logMemory } from './log-memory.js';
import { openStore, session } from './open-store.js';
import { testConfig } from './test-config.js';
import { createLiveness } from '../../daemon/worker/store/liveness.js';

export const usage = { inputTokens: 3, outputTokens: 2 };

/** Turns ask for a stream. */
export const unasked = (): never => {
  throw new Error('asked for a completion');
};

/** A model that gives these events, or what `stream` gives. */
export function candidate(stream: Provider['stream'] | readonly ProviderEvent[], ref = 'fake/one'): Candidate {
  const given: Provider['stream'] =
    typeof stream === 'function'
      ? stream
      : async function* () {
          yield* stream;
        };
  const [id = '', modelId = ''] = ref.split('/');
  const failing = { providerName: id, baseUrl: '', modelId, source: '' };
  const limits = { contextWindow: null, maxTokens: null, takesImages: false, reasons: null, api: null, prices: null };
  return { ref, model: { ref, modelId, provider: { id, name: id, stream: given, complete: unasked }, ...limits, failing } };
}

export const says = (...texts: string[]): ProviderEvent[] => [
  ...texts.map((text) => ({ type: 'delta', text }) as const),
  { type: 'finish', usage },
];

/** Says `text`, then nothing until it is stopped. */
export const hangs = (text: string): Provider['stream'] =>
  async function* (_request, signal) {
    yield { type: 'delta', text };
    if (!signal.aborted) await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    yield { type: 'aborted' };
  };

export async function makeTurns({ others, noteFill }: Pick<TurnToolsOptions, 'others'> & Pick<TurnRunnerOptions, 'noteFill'> = {}) {
  const store = await openStore();
  const clock = new FakeClock();
  const logger = logMemory();
  const changes: TurnChange[] = [];
  const validity = { ms: Infinity };
  /** How often decided turns were looked for. */
  const looks = { count: 0 };
  const liveness = { ...createLiveness('wk_1', () => ['wk_1']), validForMs: () => validity.ms };
  const shared = { store, clock, logger, liveness };
  const live = new LiveTurns();
  const config = testConfig();
  const turns = new TurnRunner({
    ...shared,
    journal: new TurnJournal({
      ...shared,
      instanceId: 'wk_1',
      publish: (change) => changes.push(change),
    }),
    commands: new CommandRegistry([
      { name: 'stop', summary: 'stops', stopsTurns: true, run: async () => 'Stopped.' },
      { name: 'new', summary: 'begins anew', run: async () => 'New.' },
      { name: 'approve', summary: 'decides', isForChats: true, run: async () => 'Approved.' },
    ]),
    tools: new ToolBox({
      ...shared,
      config: () => config,
      send: { channels: () => [], send: () => Promise.resolve('') },
      scheduler: undefined,
      ...(others && { others }),
      gate: { isDenied: () => false, decide: async () => 'allow', ask: async () => undefined, announce: async () => undefined },
    }),
    files: new AttachedFiles({ channels: { openFile: () => Promise.reject(new Error('no files')) }, logger }),
    attachments: { forModel: () => Promise.resolve(new Map()) },
    live,
    noteFill,
    liveText: new LiveText(shared),
    random: () => 0,
    waiting: { parked: async () => [], giveUp: async () => false, look: async () => void (looks.count += 1) },
    spending: { purse: () => ({ reserve: async () => undefined }) },
  });
  const [agent] = config.agents.list;
  if (agent === undefined) throw new Error('no agent');
  const request = (candidates: Candidate | readonly [Candidate, ...Candidate[]], more: Partial<TurnRequest> = {}): TurnRequest => ({
    agent,
    session: session('me'),
    mustExist: false,
    text: 'hello',
    asker: 'chat',
    candidates: 'ref' in candidates ? [candidates] : candidates,
    ...more,
  });
  return { store, clock, logger, changes, live, turns, request, validity, looks };
}

export async function history(store: Store): Promise<string[]> {
  const rows = await store.read(async (tx) => {
    const sessionId = (await findSession(tx, session('me').key))?.id ?? 0;
    return readNewestMessages(tx, { sessionId, limit: 100 });
  });
  return rows.toReversed().map(({ role, content, status }) => `${role} ${status}: ${content}`);
}
