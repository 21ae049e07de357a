/** A whole conversation part of a worker over a temp directory, with the provider and everything else real. */
import { onTestFinished } from 'vitest';
import * as ai from '../../daemon/worker/lazy/ai.js';
import { postgresEngine } from '../../daemon/worker/lazy/database.js';
import * as mcp from '../../daemon/worker/lazy/mcp.js';
import * as late from '../../daemon/worker/lazy/late.js';
import { createConversation } from '../../daemon/worker/compose.js';
import type { Conversation, ConversationDeps } from '../../daemon/worker/conversation.js';
import type { AgentRequest } from '../../daemon/worker/turns/agent.js';
import type { TurnEvent } from '../../daemon/worker/turns/turn-event.js';
import { systemClock } from '../../shared/clock.js';
import { modelsSchema, type ModelsDocument } from '../../shared/config/models-schema.js';
import { configSchema, type Config } from '../../shared/config/schema.js';
import { resolvePaths } from '../../shared/node/process/paths.js';
import { logMemory, type LogMemory } from './log-memory.js';
import { placeDatabase } from './placed-database.js';
import { databaseOf } from './store-engine.js';
import { tempDir } from './temp-dir.js';

export interface ConversationOptions extends Partial<Omit<ConversationDeps, 'config' | 'models' | 'paths'>> {
  readonly home?: string;
  readonly config?: unknown;
  readonly models?: unknown;
  readonly isActive?: boolean;
}

/** What a test may look at and change while it runs. */
export interface TestConversation extends Conversation {
  readonly home: string;
  readonly log: LogMemory;
  setConfig(config: unknown): void;
  setModels(models: unknown): void;
}

/** Makes, starts and (unless told otherwise) activates one; it is closed at the end of the test. */
export async function makeConversation(options: ConversationOptions = {}): Promise<TestConversation> {
  const { home = tempDir(), isActive = true, instanceId = 'wk_test' } = options;
  const store = await databaseOf(home);
  const parse = (document: unknown): Config => ({ ...configSchema.parse(document), store });
  let config = parse(options.config ?? {});
  let models: ModelsDocument = modelsSchema.parse(options.models ?? {});
  const log = logMemory();
  const paths = resolvePaths({ home, runtimeDir: home });
  if (store.url === undefined) await placeDatabase(paths.databasePath);
  const conversation = createConversation({
    liveInstanceIds: () => [instanceId],
    logger: log,
    clock: systemClock,
    loadAi: () => ai,
    loadLate: () => late,
    loadTelegram: () => late,
    loadMcp: () => mcp,
    // A worker that others take for dead ends its process. Here that is the process of the test; it can write nothing any more instead.
    loadPostgres: () => ({ postgresEngine: (place) => postgresEngine({ ...place, onLost: () => undefined }) }),
    environment: () => undefined,
    // What runs on this machine is no part of a test.
    discovery: { probe: async () => undefined },
    ...options,
    instanceId,
    paths,
    config: () => config,
    models: () => models,
  });
  onTestFinished(() => conversation.close());
  await conversation.start();
  if (isActive) await conversation.activate();
  return {
    ...conversation,
    home,
    log,
    setConfig: (next) => void (config = parse(next)),
    setModels: (next) => void (models = modelsSchema.parse(next)),
  };
}

/** The `models.json` of one provider `fake` at that address, with the models `one` and `two`. */
export function fakeModels(baseUrl: string): { readonly providers: object } {
  return { providers: { fake: { baseUrl, apiKey: 'sk-fake', models: [{ id: 'one', name: 'One' }, { id: 'two' }] } } };
}

/** The last event of a turn, an error with its fields beside `type`. */
type LastEvent =
  | Exclude<TurnEvent, { type: 'error' }>
  | { readonly type: 'error'; readonly code: string; readonly message: string; readonly details: unknown };

export interface TurnResult {
  readonly text: string;
  readonly last: LastEvent | undefined;
  readonly events: readonly TurnEvent[];
}

function flatten(event: TurnEvent | undefined): LastEvent | undefined {
  if (event?.type !== 'error') return event;
  const { code, message, details } = event.error;
  return { type: 'error', code, message, details };
}

export async function readTurn(events: AsyncIterable<TurnEvent>): Promise<TurnResult> {
  const all: TurnEvent[] = [];
  for await (const event of events) all.push(event);
  const text = all.map((event) => (event.type === 'delta' ? event.text : '')).join('');
  return { text, last: flatten(all.at(-1)), events: all };
}

/** Runs one turn to its end. */
export function ask(
  conversation: Conversation,
  request: AgentRequest | string,
  signal = new AbortController().signal,
): Promise<TurnResult> {
  return readTurn(conversation.agent.run(typeof request === 'string' ? { message: request } : request, signal));
}
