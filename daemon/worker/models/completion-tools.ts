/**
 * Lets an agent use its own tools in a stateless call, next to those of the caller. Its own tools run here, invisible to the
 * caller; calls of the caller's tools end the answer.
 */
import { GatewayError } from '../../../shared/errors.js';
import { definedFields, type Fields, fieldsOf } from '../../../shared/fields.js';
import type { StoredStep } from '../store/turns/turn-steps.js';
import { type CalledStep, type Candidate, paragraphGap, toolLoop, type TurnTools } from '../turns/model/answer.js';
import type {
  AnswerStep,
  CompletionAnswerPart,
  CompletionMessage,
  CompletionTool,
  CompletionToolCall,
  TokenUsage,
} from '../providers/completion.js';
import { withNewestPictures } from '../files/pictures.js';
import type { ToolCall, ToolResult, ToolResultMessage } from '../providers/provider.js';
import { addTokens } from '../providers/token-cost.js';
import { readToolInput, toResult, toTool } from '../providers/tool-calls.js';
import type { CompletionCall, CompletionOutput } from './completion-call.js';

/** Calls a model once. @returns the error, when it failed before its first output */
export type AskModel = (call: CompletionCall) => AsyncGenerator<CompletionOutput, GatewayError | undefined>;

type Finish = Extract<CompletionOutput, { type: 'finish' }>;

/** Collects the output of one step. */
class Step {
  text = '';
  finish: Finish | undefined;
  /** The calls of the caller's tools, and their numbers for the caller. */
  readonly #callers = new Map<number, number>();
  readonly #callerNames: ReadonlySet<string>;

  constructor(callerNames: ReadonlySet<string>) {
    this.#callerNames = callerNames;
  }

  get hasCallersCalls(): boolean {
    return this.#callers.size > 0;
  }

  /** @returns the part of the event that the caller gets */
  take(event: CompletionOutput): CompletionOutput | undefined {
    if (event.type === 'toolStart' && this.#callerNames.has(event.name)) this.#callers.set(event.index, this.#callers.size);
    if (event.type === 'text') this.text += event.text;
    if (event.type === 'finish') {
      this.finish = event;
      return undefined;
    }
    if (!('index' in event)) return event;
    const index = this.#callers.get(event.index);
    return index === undefined ? undefined : { ...event, index };
  }
}

const toToolCall = ({ id, name, arguments: text }: CompletionToolCall): ToolCall => ({ id, name, ...readToolInput(text) });

/** Runs the tools. Their events are dropped. */
async function runAll(tools: TurnTools, step: CalledStep | StoredStep): Promise<ToolResult[]> {
  const running = tools.run(step);
  for (;;) {
    const next = await running.next();
    if (next.value === 'waiting') throw new Error('a call without a session waits');
    if (next.done === true) return next.value;
  }
}

/** The stored part of a step: the model's output, and the usage of this and all earlier steps. */
interface VendorStep extends AnswerStep {
  readonly usage: TokenUsage;
}

/** A step, and the results of its tools. */
interface RunStep extends ToolResultMessage, AnswerStep {}

function stepMessages({ parts, vendor, results }: RunStep): CompletionMessage[] {
  return [{ role: 'assistant', content: parts, ...definedFields({ vendor }) }, ...results.map(toResult)];
}

/** The agent whose tools run, and the model that calls them. */
interface Runner {
  readonly tools: TurnTools;
  readonly candidate: Candidate;
}

/** Runs the tools of a step. @returns the steps, with the newest pictures if the model accepts them */
async function runStep(
  before: readonly RunStep[],
  { tools, candidate }: Runner,
  { step, answer }: { readonly step: CalledStep | StoredStep; readonly answer: AnswerStep },
): Promise<RunStep[]> {
  const most = 'model' in candidate && candidate.model.takesImages ? undefined : 0;
  return withNewestPictures([...before, { role: 'toolResults', ...answer, results: await runAll(tools, step) }], most);
}

/** Another model cannot read vendor-specific data. */
const withoutVendor = ({ parts }: AnswerStep): AnswerStep => ({ parts: parts.map(({ vendor: _vendor, ...part }) => part) });

/** Yields the part of a step that the caller has received. */
function* sayAgain(parts: readonly CompletionAnswerPart[], textBefore: string): Generator<CompletionOutput> {
  let gap = paragraphGap(textBefore);
  for (const part of parts) {
    if (part.type === 'text') {
      yield { type: 'text', text: gap + part.text };
      gap = '';
    }
    if (part.type !== 'reasoning') continue;
    if (part.text !== '') yield { type: 'reasoning', text: part.text };
    yield { type: 'reasoningEnd', ...(part.vendor === undefined ? {} : { vendor: part.vendor }) };
  }
}

/** @throws INVALID_REQUEST for a tool of the caller that has the name of one of the agent's */
function refuseSameNames(own: readonly CompletionTool[], callers: readonly CompletionTool[]): void {
  const same = callers.findIndex(({ name }) => own.some((tool) => tool.name === name));
  if (same < 0) return;
  throw new GatewayError('INVALID_REQUEST', {
    message: `the agent has a tool '${callers[same]?.name}' of its own`,
    details: { param: `tools.${same}` },
    hint: 'Give the tool another name.',
  });
}

/** Returns a source of a step at its place in the whole answer, because it counts in the text of its step. */
function sourceBehind(before: string, source: Fields): Fields {
  const cited = fieldsOf(source['url_citation']);
  const { start_index: start, end_index: end } = cited;
  if (typeof start !== 'number' || typeof end !== 'number') return source;
  return { ...source, url_citation: { ...cited, start_index: start + before.length, end_index: end + before.length } };
}

const joinTexts = (before: string, text: string): string => (text === '' ? before : before + paragraphGap(before) + text);

/** Yields the caller's part of a step. Ends the model call when the caller disconnects. @returns how the call failed */
async function* take(
  outputs: ReturnType<AskModel>,
  step: Step,
  textBefore: string,
): AsyncGenerator<CompletionOutput, GatewayError | undefined> {
  try {
    for (let next = await outputs.next(); ; next = await outputs.next()) {
      if (next.done === true) return next.value;
      // Texts before and after a tool call are two paragraphs.
      const { value } = next;
      const gap = step.text === '' ? paragraphGap(textBefore) : '';
      if (value.type === 'text' && gap !== '') yield { ...value, text: gap };
      const output = step.take(value);
      if (output?.type === 'annotations')
        yield { ...output, annotations: output.annotations.map((source) => sourceBehind(textBefore + paragraphGap(textBefore), source)) };
      else if (output !== undefined) yield output;
    }
  } finally {
    await outputs.return(undefined);
  }
}

/**
 * A step that calls tools of both ends the answer, and the agent's are not run: the model calls them again when it has the caller's results.
 * @throws INVALID_REQUEST for two tools of one name; a failure after tools have run, because another model would run them again
 */
export async function* completeWithTools(
  call: CompletionCall,
  { tools, candidate }: Runner,
  ask: AskModel,
): AsyncGenerator<CompletionOutput, GatewayError | undefined> {
  const { ref } = candidate;
  const own = tools.definitions.map(toTool);
  const callers = call.tools ?? [];
  refuseSameNames(own, callers);
  const callerNames = new Set(callers.map(({ name }) => name));
  const lastStep = callers.length > 0 ? { tools: callers } : { tools: own, toolChoice: 'none' as const };
  let ran: RunStep[] = [];
  let usage: TokenUsage | undefined;
  let textBefore = '';
  const stored = call.steps?.stored ?? [];
  for (const step of stored) {
    const { usage: used, ...answer } = step.vendor as VendorStep;
    yield* sayAgain(answer.parts, textBefore);
    textBefore = joinTexts(textBefore, step.text);
    usage = used;
    ran = await runStep(ran, { tools, candidate }, { step, answer: step.ref === ref ? answer : withoutVendor(answer) });
  }
  for (let iteration = stored.length; ; iteration += 1) {
    const isLast = iteration >= tools.maxIterations;
    const step = new Step(callerNames);
    const messages = [...call.messages, ...ran.flatMap(stepMessages)];
    const outputs = ask({ ...call, messages, ...(isLast ? lastStep : { tools: [...own, ...callers] }) });
    const failure = yield* take(outputs, step, textBefore);
    if (failure !== undefined && iteration === 0) return failure;
    if (failure !== undefined) throw failure;
    if (step.finish === undefined) return undefined;
    usage = addTokens(usage, step.finish.usage);
    const { step: answer, ...finish } = step.finish;
    if (answer === undefined || step.hasCallersCalls) {
      yield { ...finish, usage };
      return undefined;
    }
    if (isLast && 'model' in candidate) {
      yield { type: 'error', error: toolLoop(candidate.model, tools) };
      return undefined;
    }
    textBefore = joinTexts(textBefore, step.text);
    const vendor: VendorStep = { ...answer, usage };
    const calls = answer.parts.flatMap((part) => (part.type === 'toolCall' ? [toToolCall(part)] : []));
    ran = await runStep(ran, { tools, candidate }, { step: { text: step.text, calls, ref, vendor, usage: null }, answer });
  }
}
