/** Serves the gateway's agents over the Agent Client Protocol, revision 1. Each protocol session is a session of the page. */
import { randomUUID } from 'node:crypto';
import type * as acp from '@agentclientprotocol/sdk';
import { type ErrorCode, GatewayError } from '../../shared/errors.js';
import type { SessionDocument, SessionPage, SessionTranscript } from '../../shared/api/sessions.js';
import type { ApiClient } from '../api/api-client.js';
import { definedFields } from '../../shared/fields.js';
import { ask, type AskOptions, stop } from './ask.js';
import { messageOf, updatesOf } from './content.js';
import { embedLinked } from './linked-files.js';
import { Permissions } from './permissions.js';

/** The parts of the SDK that the bundle exports. */
export type AcpModule = Pick<typeof acp, 'agent' | 'ndJsonStream' | 'RequestError'>;

export interface AcpAgentOptions extends Pick<AskOptions, 'locate' | 'sockets'> {
  readonly sdk: AcpModule;
  readonly version: string;
  /** Returns an API client for the running gateway. @throws as `locate` does */
  readonly connect: () => Promise<ApiClient>;
  /** Agent of new sessions. */
  readonly agentId: string | undefined;
  /** Defaults of every new session. */
  readonly session: string | undefined;
  readonly stream: acp.Stream;
  /** Receives messages that are not answers to the editor. */
  readonly onError: (error: unknown) => void;
}

const REVISION = 1;

/** JSON-RPC 2.0, section 5.1; -32002 is the protocol's own. */
const CODES: Partial<Record<ErrorCode, number>> = { INVALID_REQUEST: -32_602, SESSION_NOT_FOUND: -32_002 };
const INTERNAL_ERROR = -32_603;

const STOP_REASONS = { finished: 'end_turn', length: 'max_tokens', content_filter: 'refusal' } as const;

class AcpAgent {
  readonly #options: AcpAgentOptions;
  readonly #gone = new AbortController();
  /** By session: there is one prompt at a time. */
  readonly #prompts = new Map<string, AbortController>();
  /** The editor's directory of each session that it has opened. */
  readonly #directories = new Map<string, string>();

  constructor(options: AcpAgentOptions) {
    this.#options = options;
  }

  serve(): acp.AgentConnection {
    const { sdk, version, stream } = this.#options;
    const connection = sdk
      .agent({ name: 'xopc' })
      .onRequest('initialize', () => ({
        protocolVersion: REVISION,
        agentInfo: { name: 'xopc', title: 'xopc gateway', version },
        agentCapabilities: { loadSession: true, promptCapabilities: { embeddedContext: true }, sessionCapabilities: { list: {} } },
      }))
      .onRequest('session/new', ({ params }) => this.#answer(async () => ({ sessionId: await this.#createSession(params) })))
      .onRequest('session/load', ({ params, client }) => this.#answer(() => this.#load(params, client)))
      .onRequest('session/list', ({ params }) => this.#answer(() => this.#list(params)))
      .onRequest('session/prompt', ({ params, client }) => this.#answer(() => this.#prompt(params, client)))
      .onNotification('session/cancel', ({ params }) => this.#cancel(params.sessionId))
      .connect(stream);
    connection.signal.addEventListener('abort', () => this.#gone.abort(new Error('the editor has closed the connection')));
    return connection;
  }

  /** Converts an error to the protocol's form. */
  async #answer<Answer>(work: () => Promise<Answer>): Promise<Answer> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      const { code, message, hint } = error;
      const text = hint === undefined ? message : `${message.replace(/[.\s]*$/, '.')} ${hint}`;
      throw new this.#options.sdk.RequestError(CODES[code] ?? INTERNAL_ERROR, text, { code });
    }
  }

  async #createSession({ cwd }: acp.NewSessionRequest): Promise<string> {
    const api = await this.#options.connect();
    const { session, agentId } = this.#options;
    const body = { channel: 'webchat', chat_id: randomUUID(), ...definedFields({ agentId }) };
    const opened =
      session === undefined
        ? await api.call<{ session: SessionDocument }>({ method: 'POST', path: '/api/sessions', body })
        : await readOwn(api, session, 0);
    this.#directories.set(opened.session.key, cwd);
    return opened.session.key;
  }

  async #load({ sessionId, cwd }: acp.LoadSessionRequest, client: acp.AgentContext): Promise<Record<string, never>> {
    const { messages } = await readOwn(await this.#options.connect(), sessionId, 1_000);
    this.#directories.set(sessionId, cwd);
    for (const update of messages.flatMap(updatesOf)) await client.notify('session/update', { sessionId, update });
    return {};
  }

  async #list({ cwd, cursor }: acp.ListSessionsRequest): Promise<acp.ListSessionsResponse> {
    const { agentId, connect } = this.#options;
    const search = `from:webchat${agentId === undefined ? '' : ` agent:${agentId}`}`;
    const query = new URLSearchParams({ search, limit: '50', ...definedFields({ cursor: cursor ?? undefined }) });
    const api = await connect();
    const { sessions, nextCursor } = await api.call<SessionPage>({ method: 'GET', path: `/api/sessions?${query.toString()}` });
    // The gateway's sessions belong to no directory.
    const directory = cwd ?? process.cwd();
    return { sessions: sessions.map(({ key, title, updatedAt }) => ({ sessionId: key, cwd: directory, title, updatedAt })), nextCursor };
  }

  /** Cancels the prompt; without one, stops an answer that an earlier prompt left waiting for a decision. */
  #cancel(session: string): void {
    const { locate, sockets, onError } = this.#options;
    const prompt = this.#prompts.get(session);
    if (prompt === undefined) stop({ locate, sockets, session }).catch(onError);
    else prompt.abort();
  }

  async #prompt({ sessionId: session, prompt }: acp.PromptRequest, client: acp.AgentContext): Promise<acp.PromptResponse> {
    if (messageOf(prompt) === '') throw new GatewayError('INVALID_REQUEST', { message: 'the prompt is empty' });
    if (this.#prompts.has(session)) throw new GatewayError('INVALID_REQUEST', { message: 'this session is still answering a prompt' });
    const cancel = new AbortController();
    this.#prompts.set(session, cancel);
    const { locate, sockets, connect, onError } = this.#options;
    // Sent in order, and before the answer to the prompt.
    let sent = Promise.resolve();
    const onUpdate = (update: acp.SessionUpdate): void => {
      sent = sent.then(() => client.notify('session/update', { sessionId: session, update })).catch(() => undefined);
    };
    const permissions = new Permissions({
      session,
      connect,
      onUpdate,
      onError,
      request: (question, signal) =>
        client.request('session/request_permission', question, { cancellationSignal: signal, stopWaitingOnCancel: true }),
    });
    try {
      const directory = this.#directories.get(session);
      const content = messageOf(directory === undefined ? prompt : await embedLinked(prompt, directory));
      const signals = { cancelled: cancel.signal, gone: this.#gone.signal };
      const onApprovals = (): void => void permissions.check();
      const askedCall: AskOptions['askedCall'] = (call) => permissions.take(call);
      const end = await ask({ locate, sockets, session, content, ...signals, onUpdate, askedCall, onApprovals }).finally(() =>
        permissions.end(),
      );
      await sent;
      if (end.state === 'error') throw new GatewayError('AGENT_ERROR', { message: end.error });
      return { stopReason: end.state === 'done' ? STOP_REASONS[end.cutOff ?? 'finished'] : 'cancelled' };
    } finally {
      this.#prompts.delete(session);
    }
  }
}

const readSession = (api: ApiClient, key: string, limit: number): Promise<SessionTranscript> =>
  api.call<SessionTranscript>({ method: 'GET', path: `/api/sessions/${encodeURIComponent(key)}?limit=${limit}` });

/** @throws CONFLICT for a session of another channel: it takes no prompts */
async function readOwn(api: ApiClient, key: string, limit: number): Promise<SessionTranscript> {
  const read = await readSession(api, key, limit);
  const { channel } = read.session;
  if (channel === 'webchat') return read;
  const hint = `List the sessions of the page with: xopc sessions --search from:webchat`;
  throw new GatewayError('CONFLICT', {
    message: `this session belongs to the channel '${channel}'; an editor can continue only sessions of the page`,
    hint,
  });
}

/** Serves an editor until it closes its stream. */
export async function serveAcp(options: AcpAgentOptions): Promise<void> {
  await new AcpAgent(options).serve().closed;
}
