/**
 * Chat completions for programs that bring their own conversation, and their own tools or else the agent's. Nothing of
 * it is stored, except in a named session; what it has cost is counted.
 */
import type { Clock } from '../../../shared/clock.js';
import type { AgentConfig, Config } from '../../../shared/config/schema.js';
import { GatewayError } from '../../../shared/errors.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import { withIdleTimeout } from '../turns/model/idle-timeout.js';
import { chooseModels } from '../turns/model/model-choice.js';
import { type Candidate, REFUSES_TOOLS, type TurnTools } from '../turns/model/turn.js';
import type { CompletionEvent, CompletionMessage, CompletionUsage } from '../providers/completion.js';
import { describeFailure } from '../providers/describe-failure.js';
import type { ProviderRegistry, ResolvedModel } from '../providers/registry.js';
import { costOf } from '../providers/token-cost.js';
import { completeWithTools } from './completion-tools.js';
import type { AgentEvent, AgentService, CompletionCall, CompletionOutput, CompletionService, GatewayEvent } from '../contracts.js';
import type { ForwardOutput } from './completion-contract.js';
import { passThrough } from './pass-through.js';
import type { ToolBox } from '../turns/turn-tools.js';

export interface CompletionServiceOptions {
  readonly agent: AgentService;
  readonly clock: Clock;
  readonly logger: LogPort;
  config(): Config;
  registry(): ProviderRegistry;
  readonly tools: Pick<ToolBox, 'forCall'>;
  publish(event: GatewayEvent): void;
}

interface SessionTarget {
  readonly session: string;
  readonly agentId?: string;
  readonly model?: string;
}

interface CallOptions {
  readonly signal: AbortSignal;
  /** The agent's own; undefined where the caller brings its own, or names a model. */
  readonly tools: TurnTools | undefined;
}

/** Local models may think for minutes before the first word. */
const IDLE_TIMEOUT_MS = 240_000;

const NO_USAGE: CompletionUsage = { inputTokens: null, outputTokens: null, cachedTokens: null, reasoningTokens: null };

function modelNotFound(model: string, agents: readonly AgentConfig[]): GatewayError {
  const known = agents.map(({ id }) => `'${id}'`).join(', ');
  return new GatewayError('MODEL_NOT_FOUND', {
    message: `there is no model '${model}'`,
    details: { model },
    hint: `Name an agent (${known}) or provider/model; GET /v1/models lists them.`,
  });
}

const textOf = (message: CompletionMessage): string =>
  message.role === 'user' ? message.content.map((part) => (part.type === 'text' ? part.text : '')).join('') : message.content;

/** @throws INVALID_REQUEST unless the last message is a text of the user, and nothing else was brought */
function questionOf({ messages, tools }: CompletionCall): string {
  const last = messages.at(-1);
  if (tools !== undefined && tools.length > 0) {
    throw new GatewayError('INVALID_REQUEST', {
      message: 'tools cannot be sent for a session: its agent has its own',
      details: { param: 'tools' },
      hint: 'Leave out either the tools or X-Xopc-Session.',
    });
  }
  if (last?.role !== 'user' || last.content.some(({ type }) => type !== 'text') || textOf(last) === '') {
    throw new GatewayError('INVALID_REQUEST', {
      message: 'in a session the last message must be a text of the user; those before it are not read',
      details: { param: 'messages' },
    });
  }
  return textOf(last);
}

/** A provider that only answers the last text, such as the built-in guide. */
async function* answerLastText(
  { provider, modelId }: Pick<ResolvedModel, 'provider' | 'modelId'>,
  call: CompletionCall,
  signal: AbortSignal,
): AsyncGenerator<CompletionEvent> {
  const content = call.messages.map(textOf).at(-1) ?? '';
  for await (const event of provider.stream({ modelId, messages: [{ role: 'user', content }] }, signal)) {
    if (event.type === 'delta') yield { type: 'text', text: event.text };
    else if (event.type === 'finish') yield { type: 'finish', reason: 'stop', usage: { ...NO_USAGE, ...event.usage } };
    else if (event.type !== 'toolCall' && event.type !== 'alive') yield event;
  }
}

function stopped(signal: AbortSignal): GatewayError {
  if (signal.reason instanceof GatewayError) return signal.reason;
  return new GatewayError('UNAVAILABLE', { message: 'the call was stopped before it was finished' });
}

/** The error of a turn, before or after its first word. */
function turnError({ code, message, details }: Extract<AgentEvent, { type: 'error' }>): GatewayError {
  return new GatewayError(code, { message, ...(details === undefined ? {} : { details: { ...details } }) });
}

function open({ provider, modelId, maxTokens }: ResolvedModel, call: CompletionCall, signal: AbortSignal): AsyncIterable<CompletionEvent> {
  const { model: _name, session: _session, idempotency: _key, ...request } = call;
  return (
    provider.complete?.({ ...request, modelId, ...(maxTokens === null ? {} : { modelMaxTokens: maxTokens }) }, signal) ??
    answerLastText({ provider, modelId }, call, signal)
  );
}

export class Completions implements CompletionService {
  readonly #options: CompletionServiceOptions;

  constructor(options: CompletionServiceOptions) {
    this.#options = options;
  }

  async models(): Promise<{ id: string; owner: string }[]> {
    const models = await this.#options.registry().models();
    return [...this.#agents().map(({ id }) => ({ id, owner: 'xopc' })), ...models.map(({ id, provider }) => ({ id, owner: provider }))];
  }

  async *run(call: CompletionCall, signal: AbortSignal): AsyncGenerator<CompletionOutput> {
    const agents = this.#agents();
    const agent = agents.find(({ id }) => id === call.model);
    if (agent === undefined && !call.model.includes('/')) throw modelNotFound(call.model, agents);
    const registry = this.#options.registry();
    if (call.session !== undefined) {
      const target = agent === undefined ? { model: call.model } : { agentId: agent.id };
      return yield* this.#runInSession(call, { session: call.session, ...target }, signal);
    }
    if (agent === undefined)
      return yield* this.#runStateless(call, [{ ref: call.model, model: registry.resolve(call.model) }], { signal, tools: undefined });
    const candidates = await chooseModels({ requested: undefined, agent, config: this.#options.config() }, registry);
    const system = agent.systemPrompt === undefined ? [] : [{ role: 'system' as const, content: agent.systemPrompt }];
    const tools = call.tools === undefined ? this.#options.tools.forCall(agent, signal) : undefined;
    return yield* this.#runStateless({ ...call, messages: [...system, ...call.messages] }, candidates, { signal, tools });
  }

  forward(...[request, signal]: Parameters<CompletionService['forward']>): AsyncIterable<ForwardOutput> {
    return passThrough(this.#options.registry(), request, { signal, clock: this.#options.clock });
  }

  #agents(): AgentConfig[] {
    return this.#options.config().agents.list.filter(({ enabled }) => enabled);
  }

  async *#runStateless(call: CompletionCall, candidates: readonly Candidate[], how: CallOptions): AsyncGenerator<CompletionOutput> {
    let first: GatewayError | undefined;
    for (const candidate of candidates) {
      const error = yield* this.#useModel(candidate, call, how);
      if (error === undefined) return;
      if (how.signal.aborted) throw error;
      this.#options.logger.warn({ model: candidate.ref, err: error, candidates: candidates.length }, 'the model did not answer');
      first ??= error;
    }
    if (first !== undefined) throw first;
  }

  async *#useModel(
    candidate: Candidate,
    call: CompletionCall,
    { signal, tools }: CallOptions,
  ): AsyncGenerator<CompletionOutput, GatewayError | undefined> {
    if (tools === undefined || tools.definitions.length === 0) return yield* this.#ask(candidate, call, signal);
    const error = yield* completeWithTools(call, tools, (step) => this.#ask(candidate, step, signal));
    if (error === undefined || !REFUSES_TOOLS.test(error.message)) return error;
    this.#options.logger.warn({ model: candidate.ref, err: error }, 'the model takes no tools; it is asked without them');
    return yield* this.#ask(candidate, call, signal);
  }

  #count({ ref, prices }: ResolvedModel, event: Extract<CompletionEvent, { type: 'finish' | 'failed' | 'aborted' }>): void {
    if (event.type !== 'finish') {
      return this.#options.publish({ type: 'completion', model: ref, state: event.type === 'failed' ? 'error' : 'aborted', usage: null });
    }
    const { inputTokens, outputTokens, cachedTokens } = event.usage;
    const costUsd = costOf({ inputTokens, outputTokens, cacheReadTokens: cachedTokens, cacheWriteTokens: null }, prices);
    this.#options.publish({ type: 'completion', model: ref, state: 'done', usage: { inputTokens, outputTokens, costUsd } });
  }

  /** @returns the error, when the model failed before it said anything */
  async *#ask(candidate: Candidate, call: CompletionCall, signal: AbortSignal): AsyncGenerator<CompletionOutput, GatewayError | undefined> {
    if ('problem' in candidate) return candidate.problem;
    const { model } = candidate;
    const limit = { signal, idleMs: IDLE_TIMEOUT_MS, clock: this.#options.clock };
    let hasSpoken = false;
    for await (const event of withIdleTimeout((limited) => open(model, call, limited), limit)) {
      if (event.type === 'aborted' || event.type === 'failed' || event.type === 'finish') this.#count(model, event);
      if (event.type === 'aborted' || event.type === 'failed') {
        const error = event.type === 'aborted' ? stopped(signal) : describeFailure(event.failure, model.failing);
        if (!hasSpoken) return error;
        yield { type: 'error', error };
        return undefined;
      }
      hasSpoken = true;
      yield event;
    }
    return undefined;
  }

  async *#runInSession(call: CompletionCall, target: SessionTarget, signal: AbortSignal): AsyncGenerator<CompletionOutput> {
    const { idempotency } = call;
    const request = { message: questionOf(call), ...target, ...(idempotency === undefined ? {} : { idempotency }) };
    let hasSpoken = false;
    for await (const event of this.#options.agent.run(request, signal)) {
      if (event.type === 'delta') {
        hasSpoken = true;
        yield { type: 'text', text: event.text };
      } else if (event.type === 'done') {
        const { inputTokens, outputTokens } = event.usage;
        yield { type: 'finish', reason: 'stop', usage: { ...NO_USAGE, inputTokens, outputTokens } };
      } else if (event.type === 'error') {
        if (!hasSpoken) throw turnError(event);
        yield { type: 'error', error: turnError(event) };
      }
    }
  }
}
