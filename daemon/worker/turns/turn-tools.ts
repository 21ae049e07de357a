/** The tools of a turn, and what is stored of their use: their output, and that a turn with effects must not be repeated. */
import type { Clock } from '../../../shared/clock.js';
import type { AgentConfig, Config } from '../../../shared/config/schema.js';
import { newId } from '../../../shared/ids.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import { describeToolUse } from './model/past-tool-use.js';
import { createFetchTool } from '../tools/fetch.js';
import { createScheduleTool, type TaskScheduler } from '../tools/schedule.js';
import { createSendTool, type SendPort } from '../tools/send.js';
import { createTimeTool } from '../tools/time.js';
import { type Tool, ToolError, type ToolSource } from '../tools/tool.js';
import type { TurnTools } from './model/answer.js';
import type { ToolEvent } from './turn-event.js';
import type { ToolCall, ToolResult } from '../providers/provider.js';
import { markTurnUnrepeatable } from '../store/delivery/inbox.js';
import { appendMessage } from '../store/conversations/messages.js';
import { type Liveness, mustBeValid } from '../store/liveness.js';
import { toolSpan } from '../tracing/gen-ai.js';
import type { Span } from '../tracing/span.js';
import type { Store } from '../store/store.js';
import type { BegunTurn } from './turn-journal.js';

export interface TurnToolsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: LogPort;
  readonly liveness: Pick<Liveness, 'validForMs'>;
  config(): Config;
  readonly send: SendPort;
  /** Undefined: the tool `schedule` does not exist. */
  readonly scheduler: TaskScheduler | undefined;
  /** Where tools come from that are not the gateway's own. Default: there are none. */
  readonly others?: ToolSource;
}

const MAX_DETAIL_LENGTH = 500;
/** More calls in one step are refused; the model can make them in its next step. */
const MAX_CALLS = 16;

function shorten(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength - 1).replace(/\p{Surrogate}$/u, '')}…`;
}

const inputText = (input: unknown): string => (typeof input === 'string' ? input : (JSON.stringify(input) ?? ''));

/** Where tools run: a turn of a session, or a call that is not stored. */
interface ToolPlace {
  /** Of the turn, or of the call. */
  readonly id: string;
  readonly sessionKey: string;
  readonly sessionId: number | undefined;
  /** Notes that the turn or the call must not be repeated. */
  readonly beforeEffect: (() => Promise<void>) | undefined;
  /** What calls them. */
  readonly span: Span | undefined;
}

/** How the tools of a turn run. */
interface TurnRun {
  readonly signal: AbortSignal;
  readonly span?: Span | undefined;
}

/** How the tools of a call without a conversation run. */
interface CallRun {
  readonly beforeEffect?: () => Promise<void>;
  readonly span?: Span | undefined;
}

/** One turn's use of its tools. */
class ToolRun implements TurnTools {
  readonly maxIterations: number;
  readonly #options: TurnToolsOptions;
  readonly #tools: readonly Tool[];
  readonly #place: ToolPlace;
  readonly #agentId: string;
  readonly #signal: AbortSignal;
  /** How many calls the steps before made: some models repeat the ids of calls in each step. */
  #made = 0;

  constructor(options: TurnToolsOptions, run: { tools: readonly Tool[]; place: ToolPlace; agentId: string; signal: AbortSignal }) {
    this.#options = options;
    this.#tools = run.tools;
    this.#place = run.place;
    this.#agentId = run.agentId;
    this.#signal = run.signal;
    this.maxIterations = options.config().agents.defaults.maxToolIterations;
  }

  get definitions(): TurnTools['definitions'] {
    return this.#tools.map(({ definition }) => definition);
  }

  async *run(calls: readonly ToolCall[]): AsyncGenerator<ToolEvent, ToolResult[]> {
    for (const { name, input } of calls) yield { type: 'tool', name, state: 'call', detail: shorten(inputText(input), MAX_DETAIL_LENGTH) };
    // Tools with effects run in the order of the calls.
    const isParallel = calls.every(({ name }) => this.#find(name)?.hasEffects !== true);
    const begun = isParallel ? calls.map((call, index) => this.#runTimed(call, index)) : undefined;
    const results: ToolResult[] = [];
    for (const [index, call] of calls.entries()) {
      const { result, durationMs } = await (begun?.[index] ?? this.#runTimed(call, index));
      await this.#note(call, result, durationMs);
      results.push(result);
      yield {
        type: 'tool',
        name: call.name,
        state: result.isError ? 'error' : 'result',
        detail: shorten(result.output, MAX_DETAIL_LENGTH),
        durationMs,
      };
    }
    this.#made += calls.length;
    return results;
  }

  #find(name: string): Tool | undefined {
    return this.#tools.find(({ definition }) => definition.name === name);
  }

  async #runTimed(call: ToolCall, index: number): Promise<{ result: ToolResult; durationMs: number }> {
    const { clock } = this.#options;
    const begunAt = clock.now();
    const span = this.#place.span?.child(toolSpan({ ...call, isKnown: this.#find(call.name) !== undefined }));
    const result = await this.#runOne(call, index);
    span?.end({ error: result.isError ? 'tool_error' : undefined });
    return { result, durationMs: Math.max(0, clock.now() - begunAt) };
  }

  /** Never rejects. */
  async #runOne(call: ToolCall, index: number): Promise<ToolResult> {
    const result = { callId: call.id, name: call.name };
    try {
      return { ...result, output: await this.#perform(call, index), isError: false };
    } catch (error) {
      if (error instanceof ToolError) return { ...result, output: error.message, isError: true };
      if (!this.#signal.aborted)
        this.#options.logger.error({ tool: call.name, turnId: this.#place.id, err: error }, 'unexpected tool error');
      return {
        ...result,
        output: this.#signal.aborted ? 'stopped' : 'the gateway failed to run this tool; see its log',
        isError: true,
      };
    }
  }

  async #perform({ name, input, problem }: ToolCall, index: number): Promise<string> {
    this.#signal.throwIfAborted();
    const tool = this.#find(name);
    if (tool === undefined)
      throw new ToolError(
        `there is no tool '${name.slice(0, 64)}'; available tools: ${this.definitions.map((known) => known.name).join(', ') || 'none'}`,
      );
    if (problem !== undefined) throw new ToolError(`the input cannot be read: ${shorten(problem, MAX_DETAIL_LENGTH)}`);
    if (index >= MAX_CALLS) throw new ToolError(`not run: at most ${MAX_CALLS} calls can run at once`);
    const { id: placeId, sessionKey, beforeEffect } = this.#place;
    if (tool.hasEffects) await beforeEffect?.();
    mustBeValid(this.#options.liveness);
    return tool.run(input, {
      agentId: this.#agentId,
      sessionKey,
      callKey: `tool:${placeId}:${this.#made + index}`,
      signal: this.#signal,
    });
  }

  /** Stores the use of a tool as a message of the conversation. */
  async #note({ name, input }: ToolCall, { output, isError }: ToolResult, durationMs: number): Promise<void> {
    const { store, clock } = this.#options;
    const { id: turnId, sessionId } = this.#place;
    if (sessionId === undefined) return;
    await store.write((tx) =>
      appendMessage(tx, {
        id: newId('msg'),
        sessionId,
        turnId,
        role: 'tool',
        content: describeToolUse({ name, input: shorten(inputText(input), MAX_DETAIL_LENGTH), output }),
        model: null,
        status: isError ? 'error' : 'complete',
        nowMs: clock.now(),
        durationMs,
      }),
    );
  }
}

/** Makes the tools of each turn from the configuration in force. */
export class ToolBox {
  readonly #options: TurnToolsOptions;

  constructor(options: TurnToolsOptions) {
    this.#options = options;
  }

  async forTurn(agent: AgentConfig, turn: BegunTurn, { signal, span }: TurnRun): Promise<TurnTools> {
    const { id, session } = turn;
    const beforeEffect = (): Promise<void> => this.#options.store.write((tx) => markTurnUnrepeatable(tx, id));
    const place = { id, sessionKey: session.key, sessionId: session.id, beforeEffect, span };
    return new ToolRun(this.#options, { tools: await this.#tools(agent, signal), place, agentId: agent.id, signal });
  }

  /** Returns the tools of a call without a conversation: nothing is stored, and without a chat nothing can be scheduled. */
  async forCall(agent: AgentConfig, signal: AbortSignal, { beforeEffect, span }: CallRun = {}): Promise<TurnTools> {
    const sessionKey = `${agent.id}:api:default:direct:completions`;
    const place = { id: newId('turn'), sessionKey, sessionId: undefined, beforeEffect, span };
    const tools = (await this.#tools(agent, signal)).filter(({ definition }) => definition.name !== 'schedule');
    return new ToolRun(this.#options, { tools, place, agentId: agent.id, signal });
  }

  async #tools(agent: AgentConfig, signal: AbortSignal): Promise<Tool[]> {
    return [...this.#ownTools(agent), ...((await this.#options.others?.toolsFor(agent, signal)) ?? [])];
  }

  #ownTools(agent: AgentConfig): Tool[] {
    const { clock, send, scheduler } = this.#options;
    const { defaults } = this.#options.config().agents;
    return (agent.tools ?? defaults.tools).flatMap((name): Tool[] => {
      switch (name) {
        case 'time':
          return [createTimeTool(clock)];
        case 'fetch':
          return [createFetchTool({ allow: defaults.fetchAllow })];
        case 'send':
          return send.channels().length === 0 ? [] : [createSendTool(send)];
        case 'schedule':
          return scheduler === undefined ? [] : [createScheduleTool(scheduler)];
      }
    });
  }
}
