/** Runs turns for programs that talk to an agent directly (`POST /api/agent`, `/v1` with a session). */
import type { AgentRequestBody } from '../../../shared/api/agent.js';
import type { AgentConfig, Config } from '../../../shared/config/schema.js';
import { GatewayError } from '../../../shared/errors.js';
import { hasVisibleText } from '../../../shared/text/storable.js';
import { newId } from '../../../shared/ids.js';
import type { AccessToken } from '../access/access-tokens.js';
import { mayChooseModel, mayUseSession, ownAccount } from '../access/allowed.js';
import { chooseModels } from './model/model-choice.js';
import type { ProviderRegistry } from '../providers/registry.js';
import { findSession, type NewSession, sessionNotFound } from '../store/conversations/sessions.js';
import type { Store } from '../store/store.js';
import type { Attachments } from '../files/attachments.js';
import { isRecording } from '../files/classify-file.js';
import type { NewFile } from '../store/conversations/attachments.js';
import { findAgent } from '../config/agents.js';
import { type CallerKey, hashRequest } from '../store/idempotency.js';
import type { Span } from '../tracing/span.js';
import type { KeyedTurns } from './keyed-turns.js';
import { namedSession, parseSessionKey } from '../sessions/session-key.js';
import type { TurnEvent } from './turn-event.js';
import type { TurnHooks } from './turn-journal.js';
import type { TurnRequest } from './turn-request.js';
import type { TurnRunner } from './turn-runner.js';

export interface AgentServiceOptions {
  readonly store: Store;
  readonly turns: TurnRunner;
  readonly keyed: Pick<KeyedTurns, 'run'>;
  readonly attachments: Pick<Attachments, 'check' | 'keep'>;
  config(): Config;
  registry(): ProviderRegistry;
}

export interface AgentRequest extends AgentRequestBody {
  /** The key runs one turn, whether or not a caller reads it; a repeat gets its answer. */
  readonly idempotency?: CallerKey | undefined;
  /** The access token of the request, which determines the sessions and models that it may name. */
  readonly access?: AccessToken | undefined;
  /** What asks for it. */
  readonly span?: Span | undefined;
}

/** The session of callers that name none. */
const DEFAULT_NAME = 'default';

interface Target {
  readonly agent: AgentConfig;
  readonly session: NewSession;
  readonly mustExist: boolean;
}

/**
 * Returns the text with valid surrogate pairs.
 * @param options.hasFiles  whether it comes with files, which may be sent without a word
 * @throws INVALID_REQUEST for a text without visible characters
 */
export function checkText(name: string, text: string, { hasFiles = false } = {}): string {
  if (text !== '' && (hasFiles || hasVisibleText(text))) return text.toWellFormed();
  throw new GatewayError('INVALID_REQUEST', { message: 'Invalid message content', details: { field: name } });
}

function findTarget(config: Config, request: AgentRequest): Target {
  const { session: name = DEFAULT_NAME, agentId, access } = request;
  const session = parseSessionKey(name);
  if (session === undefined) {
    const agent = findAgent(config, agentId);
    return { agent, session: namedSession(agent.id, name, ownAccount(access)), mustExist: false };
  }
  if (agentId !== undefined && agentId !== session.agentId) {
    throw new GatewayError('INVALID_REQUEST', {
      message: `the session '${name}' belongs to the agent '${session.agentId}', not to '${agentId}'`,
    });
  }
  mayUseSession(access, session.key, "Name a session, such as 'notes': it is the token's own.");
  return { agent: findAgent(config, session.agentId), session, mustExist: true };
}

/** @throws INVALID_REQUEST for recordings, which programs must transcribe themselves */
function refuseRecordings(files: readonly NewFile[]): void {
  const found = files.find(isRecording);
  if (found === undefined) return;
  throw new GatewayError('INVALID_REQUEST', {
    message: `the file '${found.name}' is a recording; attachments are images and text`,
    hint: 'Send what is said in it as text.',
  });
}

/** Returns a hash of everything that distinguishes requests. */
function hashOf({ message, session = DEFAULT_NAME, agentId, model, attachments = [] }: AgentRequest): string {
  const files = attachments.map(({ name, mediaType, data }) => [name, mediaType, data]);
  return hashRequest([message, session, agentId, model, files]);
}

export type AgentService = ReturnType<typeof createAgentService>;

export function createAgentService(options: AgentServiceOptions) {
  /** Decides everything about the turn. @throws for an invalid request */
  async function prepare(request: AgentRequest): Promise<TurnRequest> {
    const config = options.config();
    const text = checkText('message', request.message, { hasFiles: (request.attachments ?? []).length > 0 });
    const target = findTarget(config, request);
    if (request.model !== undefined) mayChooseModel(request.access);
    const { agent, session, mustExist } = target;
    const known = await options.store.read((tx) => findSession(tx, session.key));
    if (mustExist && known === undefined) throw sessionNotFound(session.key);
    const candidates = await chooseModels({ requested: request.model, session: known?.model ?? null, agent, config }, options.registry());
    const files = request.attachments === undefined ? [] : options.attachments.check(request.attachments);
    refuseRecordings(files);
    const messageId = newId('msg');
    const begun: TurnHooks['begun'] = (tx, turn) => options.attachments.keep(tx, { sessionId: turn.session.id, messageId, files });
    const hooks = files.length === 0 ? {} : { messageId, hooks: { begun } };
    const { access, span } = request;
    const origin = access === undefined ? {} : { origin: { tokenId: access.id } };
    return { ...target, text, candidates, asker: 'program', span, ...origin, ...hooks };
  }

  async function* start(request: AgentRequest, signal: AbortSignal): AsyncIterable<TurnEvent> {
    const { idempotency: caller } = request;
    if (caller === undefined) return yield* options.turns.start(await prepare(request), signal);
    const keyed = { scope: 'agent', caller, bodyHash: hashOf(request), prepare: () => prepare(request) };
    yield* options.keyed.run(keyed, signal);
  }

  return {
    /** Returns the id of the agent that a request is for. @throws INVALID_REQUEST, MODEL_NOT_FOUND */
    agentOf: (request: Pick<AgentRequest, 'message' | 'session' | 'agentId'>): string => findTarget(options.config(), request).agent.id,
    /**
     * Runs one turn; turns of one session run one after another, those of different sessions in parallel. An abort of `signal`
     * stops it, and the text so far is kept. A provider's failure is an `error` event. `done` names the session as the caller did.
     * @throws before the first event: INVALID_REQUEST, MODEL_NOT_FOUND, SESSION_NOT_FOUND; CONFLICT for a key used by another
     * request
     */
    async *run(request: AgentRequest, signal: AbortSignal): AsyncIterable<TurnEvent> {
      const { session = DEFAULT_NAME } = request;
      for await (const event of start(request, signal)) yield event.type === 'done' ? { ...event, session } : event;
    },
  };
}
