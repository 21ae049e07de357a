/** Runs the tools of one turn, or of one call that is not stored. */
import { NOT_RUN } from '../../../../shared/api/tools/approval-states.js';
import type { Clock } from '../../../../shared/clock.js';
import { newId } from '../../../../shared/ids.js';
import type { LogPort } from '../../../../shared/log/log-port.js';
import { readPictures } from '../../files/pictures.js';
import type { ToolCall, ToolResult } from '../../providers/provider.js';
import type { Approval } from '../../store/approvals/approvals.js';
import { type Liveness, mustBeValid } from '../../store/liveness.js';
import type { StoredCall, StoredResult, StoredStep } from '../../store/turns/turn-steps.js';
import { type Tool, ToolError, type ToolOutput } from '../../tools/tool.js';
import { toolSpan } from '../../tracing/gen-ai.js';
import type { Span } from '../../tracing/span.js';
import type { CalledStep, TurnTools } from '../model/answer.js';
import { stopReason, type ToolEvent } from '../turn-event.js';
import type { StepLog } from './step-log.js';
import { inputText, shorten } from './tool-text.js';

export interface ToolRunOptions {
  readonly clock: Clock;
  readonly logger: LogPort;
  readonly liveness: Pick<Liveness, 'validForMs'>;
}

/** Where tools run: a turn of a session, or a call that is not stored. */
export interface ToolPlace {
  /** Of the turn, or of the call. */
  readonly id: string;
  readonly agentId: string;
  readonly sessionKey: string;
  readonly signal: AbortSignal;
  readonly maxIterations: number;
  /** Undefined: nothing is stored. */
  readonly log: StepLog | undefined;
  /** What calls them. */
  readonly span: Span | undefined;
  /** Returns why a missing tool cannot be called now; undefined: there is no such tool. */
  whyMissing(name: string): string | undefined;
  /** Whether a tool may run. */
  decide(tool: Tool): Promise<'allow' | 'ask' | 'deny'>;
  /** Whether the turn can wait for a person. */
  readonly canWait: boolean;
  /** Decisions about a stored step, by the index of the call. */
  decisions(step: StoredStep): ReadonlyMap<number, CallDecision>;
}

/** What a person has decided about a call. */
export type CallDecision = Pick<Approval, 'state' | 'note'>;

interface Gated {
  /** The indexes of the calls that wait for a decision. */
  readonly asks: readonly number[];
  /** Reasons why calls are not run, by the index of the call. */
  readonly refusals: ReadonlyMap<number, { readonly refusal: string }>;
}

interface Ended {
  readonly result: ToolResult;
  readonly durationMs: number;
  /** False for one that was stopped before its end. */
  readonly isSettled: boolean;
}

/** More calls in one step are refused; the model can make them in its next step. */
const MAX_CALLS = 16;

const DENIED = `${NOT_RUN}the configuration denies it`;
const CANNOT_WAIT = `${NOT_RUN}it needs the approval of a person, for which a call without a session cannot wait`;
const ASK_AGAIN = `${NOT_RUN}it needs a person's approval, which was not requested; call it again`;

/** Returns why a call is not run. */
function refusalOf({ state, note }: CallDecision): string | undefined {
  if (state === 'expired') return `${NOT_RUN}nobody decided about it in time`;
  if (state === 'denied') return note === null ? `${NOT_RUN}a person has denied it` : `${NOT_RUN}a person has denied it: ${note}`;
  return state === 'cancelled' ? `${NOT_RUN}the question about it was withdrawn` : undefined;
}

const UNKNOWN = 'outcome unknown: the gateway ended while this tool ran; it may have taken effect';

export class ToolRun implements TurnTools {
  readonly maxIterations: number;
  readonly #options: ToolRunOptions;
  readonly #tools: readonly Tool[];
  readonly #place: ToolPlace;
  /** Number of calls in earlier steps, because some models repeat the ids of calls in each step. */
  #made = 0;

  constructor(options: ToolRunOptions, tools: readonly Tool[], place: ToolPlace) {
    this.#options = options;
    this.#tools = tools;
    this.#place = place;
    this.maxIterations = place.maxIterations;
  }

  get definitions(): TurnTools['definitions'] {
    return this.#tools.map(({ definition }) => definition);
  }

  async *run(step: CalledStep | StoredStep): AsyncGenerator<ToolEvent, ToolResult[] | 'waiting'> {
    const { log, signal } = this.#place;
    const { calls, known } = 'begun' in step ? { calls: step.calls, known: step.begun } : this.#fresh(step);
    const { asks, refusals } = await this.#gate(calls, known, 'begun' in step ? this.#place.decisions(step) : undefined);
    const open = [...calls.entries()].filter(([index]) => known.get(index) === undefined && !asks.includes(index));
    for (const [, { name, input }] of open) yield { type: 'tool', name, state: 'call', detail: shorten(inputText(input)) };
    // Tools with effects run in the order of the calls.
    const isParallel = open.every(([, call]) => this.#find(call)?.hasEffects !== true);
    const begun = new Set(known.keys());
    const begins = isParallel ? open.map(([index]) => index) : open.slice(0, 1).map(([index]) => index);
    if (!('begun' in step)) {
      const hasEffects = calls.some((call) => this.#find(call)?.hasEffects === true);
      await log?.begin(step, { calls, begins, asks, hasEffects });
      for (const index of begins) begun.add(index);
    }
    const start = (index: number, call: StoredCall): Promise<Ended> =>
      this.#runTimed({ ...call, ...refusals.get(index) }, index, known.has(index));
    const early = isParallel ? open.map(([index, call]) => start(index, call)) : [];
    const results = new Map<number, ToolResult>();
    for (const [at, [index, call]] of open.entries()) {
      if (!begun.has(index) && !isParallel && !signal.aborted) await log?.beginCall(index);
      const { result, durationMs, isSettled } = await (early[at] ?? start(index, call));
      const next = isParallel || signal.aborted ? undefined : open[at + 1]?.[0];
      if (isSettled) await log?.end({ index, call, result, durationMs, next: next === undefined || begun.has(next) ? undefined : next });
      if (isSettled && next !== undefined) begun.add(next);
      results.set(index, result);
      yield { type: 'tool', name: call.name, state: result.isError ? 'error' : 'result', detail: shorten(result.output), durationMs };
    }
    this.#made += calls.length;
    if (asks.length > 0 && !signal.aborted) return 'waiting';
    const shown = known.size === 0 ? undefined : await log?.picturesOf(calls);
    return calls.map((call, index) => {
      const images = shown?.get(call.messageId ?? '');
      return results.get(index) ?? { ...resultOf(call, known.get(index)), ...(images && { images }) };
    });
  }

  #fresh({ calls }: CalledStep): { calls: readonly StoredCall[]; known: StoredStep['begun'] } {
    const { id } = this.#place;
    const named = calls.map((call, index) => ({ ...call, key: `tool:${id}:${this.#made + index}`, messageId: newId('msg') }));
    return { calls: named, known: new Map() };
  }

  /**
   * Determines which calls a person decides about, and which are not run. Nobody was asked about a call of a stored step that asks
   * only now, for example because its tool was missing then: it is refused, so that the model calls it again and a person is asked.
   * @param decisions  about a stored step
   */
  async #gate(calls: readonly StoredCall[], known: StoredStep['begun'], decisions?: ReadonlyMap<number, CallDecision>): Promise<Gated> {
    const asks: number[] = [];
    const refusals = new Map<number, { refusal: string }>();
    const { canWait } = this.#place;
    const unasked = canWait ? ASK_AGAIN : CANNOT_WAIT;
    for (const [index, call] of calls.entries()) {
      const decision = decisions?.get(index);
      if (decision?.state === 'pending') asks.push(index);
      const refusal = decision && refusalOf(decision);
      if (refusal !== undefined) refusals.set(index, { refusal });
      const permission = decision === undefined ? await this.#permissionOf(call, index) : 'allow';
      if (permission === 'allow') continue;
      // A call that has begun may have been allowed then.
      const mayHaveRun = known.has(index) && this.#find(call)?.hasEffects === true;
      const reason = permission === 'deny' ? DENIED : unasked;
      if (permission === 'ask' && canWait && decisions === undefined) asks.push(index);
      else refusals.set(index, { refusal: mayHaveRun ? UNKNOWN : reason });
    }
    return { asks, refusals };
  }

  async #permissionOf(call: StoredCall, index: number): Promise<'allow' | 'ask' | 'deny'> {
    const tool = this.#find(call);
    return tool === undefined || isRefused(call, index) ? 'allow' : this.#place.decide(tool);
  }

  #find({ name }: ToolCall): Tool | undefined {
    return this.#tools.find(({ definition }) => definition.name === name);
  }

  #whyMissing(name: string): string {
    const known = this.definitions.map((definition) => definition.name).join(', ');
    const reason = this.#place.whyMissing(name);
    if (reason !== undefined) return `${NOT_RUN}${reason}`;
    return `there is no tool '${name.slice(0, 64)}'; available tools: ${known || 'none'}`;
  }

  /** Whether running it again has no further effect. */
  #isRepeatable(call: GatedCall, index: number): boolean {
    const tool = this.#find(call);
    return isRefused(call, index) || (tool !== undefined && tool.isRepeatable);
  }

  /** Never rejects. @param hasBegun  before, in a worker that ended meanwhile */
  async #runTimed(call: GatedCall, index: number, hasBegun: boolean): Promise<Ended> {
    if (hasBegun && !this.#isRepeatable(call, index))
      return { result: resultOf(call, { output: UNKNOWN, isError: true }), durationMs: 0, isSettled: true };
    const { clock } = this.#options;
    const begunAt = clock.now();
    const span = this.#place.span?.child(toolSpan({ ...call, isKnown: this.#find(call) !== undefined }));
    const { isSettled, ...end } = await this.#runOne(call, index);
    span?.end({ error: end.isError ? 'tool_error' : undefined });
    return { result: resultOf(call, end), durationMs: Math.max(0, clock.now() - begunAt), isSettled };
  }

  async #runOne(call: GatedCall, index: number): Promise<Omit<ToolResult, 'callId' | 'name'> & { readonly isSettled: boolean }> {
    const { signal, id: turnId } = this.#place;
    try {
      const output = await this.#perform(call, index);
      if (typeof output === 'string') return { output, isError: false, isSettled: true };
      const images = readPictures(output.pictures);
      return { output: output.text, isError: false, isSettled: true, ...(images.length > 0 && { images }) };
    } catch (error) {
      // A call that stops with its worker is left to the worker that continues the turn.
      const isSettled = !(signal.aborted && stopReason(signal).code === 'STOPPING');
      if (error instanceof ToolError) return { output: error.message, isError: true, isSettled };
      if (!signal.aborted) this.#options.logger.error({ tool: call.name, turnId, err: error }, 'unexpected tool error');
      return { output: signal.aborted ? 'stopped' : 'the gateway failed to run this tool; see its log', isError: true, isSettled };
    }
  }

  async #perform(call: GatedCall, index: number): Promise<ToolOutput> {
    const { signal, agentId, sessionKey } = this.#place;
    signal.throwIfAborted();
    const tool = this.#find(call);
    if (call.refusal !== undefined) throw new ToolError(call.refusal);
    if (tool === undefined) throw new ToolError(this.#whyMissing(call.name));
    if (call.problem !== undefined) throw new ToolError(`the input cannot be read: ${shorten(call.problem)}`);
    if (index >= MAX_CALLS) throw new ToolError(`${NOT_RUN}at most ${MAX_CALLS} calls can run at once`);
    mustBeValid(this.#options.liveness);
    return tool.run(call.input, { agentId, sessionKey, callKey: call.key, signal });
  }
}

type GatedCall = StoredCall & { readonly refusal?: string };

const isRefused = ({ problem, refusal }: GatedCall, index: number): boolean =>
  problem !== undefined || refusal !== undefined || index >= MAX_CALLS;

function resultOf({ id: callId, name }: ToolCall, result: StoredResult = { output: UNKNOWN, isError: true }): ToolResult {
  return { callId, name, ...result };
}
