/**
 * Completions for programs that bring their own conversation and tools; an agent also uses its own tools. Nothing is stored, except
 * in a named session; the cost is counted.
 */
import type { AccessToken } from '../access/access-tokens.js';
import type { AgentConfig } from '../../../shared/config/schema.js';
import { enabledAgents } from '../config/agents.js';
import { GatewayError } from '../../../shared/errors.js';
import { callModel } from '../turns/model/call-model.js';
import { type CompletionChange, completionChange } from '../turns/model/completion-change.js';
import { answerLimit } from '../turns/model/context.js';
import { chooseModels, resolveFor } from '../turns/model/model-choice.js';
import { type Candidate, REFUSES_TOOLS, type TurnTools } from '../turns/model/answer.js';
import type { CompletionRequest } from '../providers/completion.js';
import type { ProviderRegistry, ResolvedModel } from '../providers/registry.js';
import { completeWithTools } from './completion-tools.js';
import { withoutPictures } from './lone-pictures.js';
import { countTokens, estimateRequest } from './count-tokens.js';
import { refusalOf } from './refusals.js';
import { callError, type CompletionCall, type CompletionOutput, type ForwardOutput } from './completion-call.js';
import { type ForwardCall, passThrough } from './pass-through.js';
import { questionOf } from './session-question.js';
import type { AgentService } from '../turns/agent.js';
import type { ToolBox } from '../turns/turn-tools.js';
import type { Spending } from '../spending/spending.js';
import type { Deps } from '../store/tasks/worker-deps.js';

export interface CompletionServiceOptions extends Deps<'clock' | 'logger' | 'config'> {
  readonly agent: AgentService;
  registry(): ProviderRegistry;
  readonly tools: Pick<ToolBox, 'forCall'>;
  readonly spending: Pick<Spending, 'purse'>;
  publish(change: CompletionChange): void;
}

interface SessionTarget {
  readonly session: string;
  readonly access: AccessToken | undefined;
  readonly agentId?: string;
  readonly model?: string;
}

interface CallOptions {
  readonly signal: AbortSignal;
  /** The agent's own tools; undefined if it should use none, or the caller names a model. */
  readonly tools: TurnTools | undefined;
}

function modelNotFound(model: string, agents: readonly AgentConfig[]): GatewayError {
  const known = agents.map(({ id }) => `'${id}'`).join(', ');
  return new GatewayError('MODEL_NOT_FOUND', {
    message: `there is no model '${model}'`,
    details: { model },
    hint: `Name an agent (${known}) or provider/model; GET /v1/models lists them.`,
  });
}

/**
 * Whether an agent uses its own tools. A call without tools is often a side request of a client, such as one for a title; only in a
 * conversation kept by the gateway is it a question to the agent.
 */
function usesOwnTools({ tools, toolChoice, continues = false }: CompletionCall): boolean {
  return tools === undefined ? continues : tools.length > 0 && toolChoice !== 'none';
}

function withInstructions(call: CompletionCall, { systemPrompt }: AgentConfig): CompletionCall {
  if (systemPrompt === undefined) return call;
  return { ...call, messages: [{ role: 'system', content: systemPrompt }, ...call.messages] };
}

function requestOf(model: ResolvedModel, call: CompletionCall): CompletionRequest {
  const {
    model: _name,
    session: _session,
    idempotency: _key,
    continues: _continues,
    steps: _steps,
    tokenId: _token,
    span: _span,
    ...request
  } = call;
  const maxTokens = answerLimit(model, () => estimateRequest(call));
  return { ...request, modelId: model.modelId, ...(maxTokens === null ? {} : { modelMaxTokens: maxTokens }) };
}

export type CompletionService = Pick<Completions, 'models' | 'agentOf' | 'check' | 'run' | 'count' | 'forward'>;

export class Completions {
  readonly #options: CompletionServiceOptions;

  constructor(options: CompletionServiceOptions) {
    this.#options = options;
  }

  /** Returns the values that `model` may have: the enabled agents, then every usable model. */
  async models(): Promise<{ id: string; owner: string }[]> {
    const models = await this.#options.registry().models();
    return [...this.#agents().map(({ id }) => ({ id, owner: 'xopc' })), ...models.map(({ id, provider }) => ({ id, owner: provider }))];
  }

  /** Returns the agent that answers a `model`; undefined: the model itself does. */
  agentOf(model: string): string | undefined {
    return this.#find(model)?.id;
  }

  /**
   * Runs one call. An agent's instructions go before the messages, and its fallbacks are tried until the first output.
   * @throws before the first output: MODEL_NOT_FOUND, INVALID_REQUEST, AGENT_ERROR, RATE_LIMITED; later failures are an `error`
   */
  run(call: CompletionCall, signal: AbortSignal): AsyncGenerator<CompletionOutput, void, undefined> {
    const outputs = this.#run(call, signal);
    return call.extra?.api === 'chat-completions' ? outputs : withoutPictures(outputs);
  }

  async *#run(call: CompletionCall, signal: AbortSignal): AsyncGenerator<CompletionOutput, void, undefined> {
    const agent = this.#agentFor(call);
    const registry = this.#options.registry();
    const config = this.#options.config();
    if (call.session !== undefined) {
      const target = agent === undefined ? { model: call.model } : { agentId: agent.id };
      const { name, access } = call.session;
      return yield* this.#runInSession(call, { session: name, access, ...target }, signal);
    }
    if (agent === undefined)
      return yield* this.#runStateless(call, [{ ref: call.model, model: resolveFor({ config }, call.model, registry) }], {
        signal,
        tools: undefined,
      });
    const candidates = await chooseModels({ requested: undefined, agent, config }, registry);
    const tools = usesOwnTools(call) ? await this.#options.tools.forCall(agent, signal, call) : undefined;
    return yield* this.#runStateless(withInstructions(call, agent), candidates, { signal, tools });
  }

  /**
   * Counts the tokens of a call without its answer: by the first model's provider if it can, otherwise an estimate.
   * @throws MODEL_NOT_FOUND, INVALID_REQUEST; the provider's error
   */
  async count(call: CompletionCall, signal: AbortSignal): Promise<number> {
    const agent = this.#agentFor(call);
    const registry = this.#options.registry();
    if (agent === undefined) return await this.#countFor({ ref: call.model, model: registry.resolve(call.model) }, call, signal);
    const [first] = await chooseModels({ requested: undefined, agent, config: this.#options.config() }, registry);
    return await this.#countFor(first, withInstructions(call, agent), signal);
  }

  /** @throws MODEL_NOT_FOUND for an unknown `model` */
  check(model: string): void {
    if (this.#agentFor({ model }) === undefined) this.#options.registry().resolve(model);
  }

  /** Passes a call on to the provider that `body.model` names, unchanged. @throws a failure before the answer begins */
  forward(request: ForwardCall, signal: AbortSignal): AsyncIterable<ForwardOutput> {
    const { clock, spending } = this.#options;
    return passThrough(this.#options.registry(), request, {
      signal,
      clock,
      purse: spending.purse({ tokenId: request.tokenId, kind: 'embedding' }),
    });
  }

  async #countFor(candidate: Candidate | undefined, call: CompletionCall, signal: AbortSignal): Promise<number> {
    if (candidate === undefined || 'problem' in candidate) return estimateRequest(call);
    const { model } = candidate;
    const refusal = refusalOf(call, model);
    if (refusal !== undefined) throw refusal;
    return (await countTokens(model, requestOf(model, call), { signal, clock: this.#options.clock })) ?? estimateRequest(call);
  }

  /** @throws MODEL_NOT_FOUND for a name that is neither an agent nor `provider/model` */
  #agentFor({ model }: Pick<CompletionCall, 'model'>): AgentConfig | undefined {
    const agent = this.#find(model);
    if (agent === undefined && !model.includes('/')) throw modelNotFound(model, this.#agents());
    return agent;
  }

  #find(model: string): AgentConfig | undefined {
    return this.#agents().find(({ id }) => id === model);
  }

  #agents(): AgentConfig[] {
    return enabledAgents(this.#options.config());
  }

  async *#runStateless(call: CompletionCall, candidates: readonly Candidate[], how: CallOptions): AsyncGenerator<CompletionOutput> {
    let first: GatewayError | undefined;
    // Text that has already been sent cannot be replaced by another model's.
    const begun = candidates.find(({ ref }) => ref === call.steps?.stored.at(-1)?.ref);
    for (const candidate of begun === undefined ? candidates : [begun]) {
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
    const error = yield* completeWithTools(call, { tools, candidate }, (step) => this.#ask(candidate, step, signal));
    if (error === undefined || call.tools !== undefined || !REFUSES_TOOLS.test(error.message)) return error;
    this.#options.logger.warn({ model: candidate.ref, err: error }, 'the model does not support tools; calling it without tools');
    return yield* this.#ask(candidate, call, signal);
  }

  /** @returns the error, when the model failed before its first output */
  async *#ask(candidate: Candidate, call: CompletionCall, signal: AbortSignal): AsyncGenerator<CompletionOutput, GatewayError | undefined> {
    if ('problem' in candidate) return candidate.problem;
    const { model } = candidate;
    const refusal = refusalOf(call, model);
    if (refusal !== undefined) return refusal;
    const { clock, spending } = this.#options;
    const agent = this.#find(call.model);
    const purse = spending.purse({ agent, tokenId: call.tokenId, kind: 'completion' });
    const paid = { signal, clock, agentId: agent?.id, purse, span: call.span, inputTokens: () => estimateRequest(call) };
    let hasOutput = false;
    for await (const event of callModel(model, (limited) => model.provider.complete(requestOf(model, call), limited), paid)) {
      if (event.type === 'aborted' || event.type === 'failed' || event.type === 'finish')
        this.#options.publish(completionChange(model, event));
      if (event.type === 'aborted' || event.type === 'failed') {
        const error = callError(event, signal, model);
        if (!hasOutput) return error;
        yield { type: 'error', error };
        return undefined;
      }
      hasOutput = true;
      yield event;
    }
    return undefined;
  }

  async *#runInSession(call: CompletionCall, target: SessionTarget, signal: AbortSignal): AsyncGenerator<CompletionOutput> {
    const { idempotency, span } = call;
    const request = { message: questionOf(call), ...target, idempotency, span };
    let hasOutput = false;
    for await (const event of this.#options.agent.run(request, signal)) {
      if (event.type === 'delta') {
        hasOutput = true;
        yield { type: 'text', text: event.text };
      } else if (event.type === 'done') {
        const { costUsd: _cost, ...usage } = event.usage;
        for (const { id, tool } of event.approvals ?? [])
          yield { type: 'text', text: `\n\n(Approval ${id} is needed for the tool ${tool}.)` };
        yield { type: 'finish', reason: event.cutOff ?? 'stop', usage };
      } else if (event.type === 'error') {
        if (!hasOutput) throw event.error;
        yield event;
      }
    }
  }
}
