/** Chat completions for programs that bring their own conversation and tools. Nothing is stored, except in a named session. */
import type { Clock } from '../../../shared/clock.js';
import type { AgentConfig, Config } from '../../../shared/config/schema.js';
import { GatewayError } from '../../../shared/errors.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import { withIdleTimeout } from '../agent/idle-timeout.js';
import { chooseModels } from '../agent/model-choice.js';
import type { Candidate } from '../agent/turn.js';
import type { CompletionEvent, CompletionMessage, CompletionUsage } from '../providers/completion.js';
import { describeFailure } from '../providers/describe-failure.js';
import type { ProviderRegistry, ResolvedModel } from '../providers/registry.js';
import type { AgentService, CompletionCall, CompletionOutput, CompletionService } from './contracts.js';

export interface CompletionServiceOptions {
  readonly agent: AgentService;
  readonly clock: Clock;
  readonly logger: LogPort;
  config(): Config;
  registry(): ProviderRegistry;
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
  if (tools !== undefined) {
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
async function* streamText(model: ResolvedModel, call: CompletionCall, signal: AbortSignal): AsyncGenerator<CompletionEvent> {
  const content = call.messages.map(textOf).at(-1) ?? '';
  for await (const event of model.provider.stream({ modelId: model.modelId, messages: [{ role: 'user', content }] }, signal)) {
    if (event.type === 'delta') yield { type: 'text', text: event.text };
    else if (event.type === 'finish') yield { type: 'finish', reason: 'stop', usage: { ...NO_USAGE, ...event.usage } };
    else if (event.type !== 'toolCall') yield event;
  }
}

function stopped(signal: AbortSignal): GatewayError {
  if (signal.reason instanceof GatewayError) return signal.reason;
  return new GatewayError('UNAVAILABLE', { message: 'the call was stopped before it was finished' });
}

export function createCompletionService(options: CompletionServiceOptions): CompletionService {
  const { clock, logger } = options;

  function open(model: ResolvedModel, call: CompletionCall, signal: AbortSignal): AsyncIterable<CompletionEvent> {
    const { model: _name, session: _session, ...request } = call;
    return model.provider.complete?.({ ...request, modelId: model.modelId }, signal) ?? streamText(model, call, signal);
  }

  /** @returns the error, when the model failed before it said anything */
  async function* ask(
    candidate: Candidate,
    call: CompletionCall,
    signal: AbortSignal,
  ): AsyncGenerator<CompletionOutput, GatewayError | undefined> {
    if ('problem' in candidate) return candidate.problem;
    const { model } = candidate;
    let hasSpoken = false;
    const events = withIdleTimeout((limited) => open(model, call, limited), { signal, idleMs: IDLE_TIMEOUT_MS, clock });
    for await (const event of events) {
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

  async function* runStateless(
    call: CompletionCall,
    candidates: readonly Candidate[],
    signal: AbortSignal,
  ): AsyncGenerator<CompletionOutput> {
    let first: GatewayError | undefined;
    for (const candidate of candidates) {
      const error = yield* ask(candidate, call, signal);
      if (error === undefined) return;
      if (signal.aborted) throw error;
      logger.warn({ model: candidate.ref, err: error, candidates: candidates.length }, 'the model did not answer');
      first ??= error;
    }
    if (first !== undefined) throw first;
  }

  async function* runInSession(
    call: CompletionCall,
    target: { session: string; agentId?: string; model?: string },
    signal: AbortSignal,
  ): AsyncGenerator<CompletionOutput> {
    let hasSpoken = false;
    for await (const event of options.agent.run({ message: questionOf(call), ...target }, signal)) {
      if (event.type === 'delta') yield { type: 'text', text: event.text };
      if (event.type === 'done')
        yield {
          type: 'finish',
          reason: 'stop',
          usage: { ...NO_USAGE, inputTokens: event.usage.inputTokens, outputTokens: event.usage.outputTokens },
        };
      if (event.type === 'error') {
        const { code, message, details } = event;
        const error = new GatewayError(code, { message, ...(details === undefined ? {} : { details: { ...details } }) });
        if (!hasSpoken) throw error;
        yield { type: 'error', error };
      }
      hasSpoken ||= event.type === 'delta';
    }
  }

  return {
    async models() {
      const agents = options.config().agents.list.filter(({ enabled }) => enabled);
      const models = await options.registry().models();
      return [...agents.map(({ id }) => ({ id, owner: 'xopc' })), ...models.map(({ id, provider }) => ({ id, owner: provider }))];
    },

    async *run(call, signal) {
      const config = options.config();
      const agents = config.agents.list.filter(({ enabled }) => enabled);
      const agent = agents.find(({ id }) => id === call.model);
      if (agent === undefined && !call.model.includes('/')) throw modelNotFound(call.model, agents);
      if (call.session !== undefined) {
        const target = agent === undefined ? { model: call.model } : { agentId: agent.id };
        return yield* runInSession(call, { session: call.session, ...target }, signal);
      }
      if (agent === undefined) {
        const candidate = { ref: call.model, model: options.registry().resolve(call.model) };
        return yield* runStateless(call, [candidate], signal);
      }
      const candidates = await chooseModels({ requested: undefined, agent, config }, options.registry());
      const system = agent.systemPrompt === undefined ? [] : [{ role: 'system' as const, content: agent.systemPrompt }];
      return yield* runStateless({ ...call, messages: [...system, ...call.messages] }, candidates, signal);
    },
  };
}
