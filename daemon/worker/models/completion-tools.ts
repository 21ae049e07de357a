/**
 * Lets an agent use its own tools in a stateless call, next to those of the caller. Its own tools run here, invisible to the
 * caller; calls of the caller's tools end the answer.
 */
import { GatewayError } from '../../../shared/errors.js';
import type { StoredStep } from '../store/turns/turn-steps.js';
import { type CalledStep, type Candidate, paragraphGap, toolLoop, type TurnTools } from '../turns/model/answer.js';
import type {
  CompletionAnswerPart,
  CompletionMessage,
  CompletionPart,
  CompletionTool,
  CompletionToolCall,
  TokenUsage,
} from '../providers/completion.js';
import { withNewestPictures } from '../files/pictures.js';
import type { ChatImage, ToolCall, ToolDefinition, ToolResult, ToolResultMessage } from '../providers/provider.js';
import { addTokens } from '../providers/token-cost.js';
import { readToolInput } from '../providers/tool-input.js';
import type { CompletionCall, CompletionOutput } from './completion-call.js';

/** Calls a model once. @returns the error, when it failed before its first output */
export type AskModel = (call: CompletionCall) => AsyncGenerator<CompletionOutput, GatewayError | undefined>;

type Finish = Extract<CompletionOutput, { type: 'finish' }>;

/** Collects the output of one step. */
class Step {
  text = '';
  finish: Finish | undefined;
  /** As the model wrote it, for its next step. */
  readonly parts: CompletionAnswerPart[] = [];
  readonly #own = new Map<number, CompletionToolCall & { arguments: string }>();
  /** The calls of the caller's tools, and their numbers for the caller. */
  readonly #callers = new Map<number, number>();
  readonly #callerNames: ReadonlySet<string>;
  #reasoning = '';

  constructor(callerNames: ReadonlySet<string>) {
    this.#callerNames = callerNames;
  }

  /** The calls of the agent's tools, and of tools that do not exist. */
  get ownCalls(): CompletionToolCall[] {
    return [...this.#own.values()];
  }

  get hasCallersCalls(): boolean {
    return this.#callers.size > 0;
  }

  /** @returns the part of the event that the caller gets */
  take(event: CompletionOutput): CompletionOutput | undefined {
    switch (event.type) {
      case 'toolStart':
        if (this.#callerNames.has(event.name)) this.#callers.set(event.index, this.#callers.size);
        else this.#addOwn(event);
        return this.#renumber(event);
      case 'toolArguments': {
        const call = this.#own.get(event.index);
        if (call !== undefined) call.arguments += event.text;
        return this.#renumber(event);
      }
      case 'toolEnd':
        return this.#renumber(event);
      case 'finish':
        this.finish = event;
        return undefined;
      case 'text':
        this.text += event.text;
        this.#addText(event);
        return event;
      case 'reasoning':
        this.#reasoning += event.text;
        return event;
      case 'reasoningEnd':
        this.parts.push({ type: 'reasoning', text: this.#reasoning, ...(event.vendor === undefined ? {} : { vendor: event.vendor }) });
        this.#reasoning = '';
        return event;
      case 'refusal':
      case 'error':
        return event;
    }
  }

  #addOwn({ index, id, name }: Extract<CompletionOutput, { type: 'toolStart' }>): void {
    const call = { type: 'toolCall' as const, id, name, arguments: '' };
    this.#own.set(index, call);
    this.parts.push(call);
  }

  #renumber(event: Extract<CompletionOutput, { index: number }>): CompletionOutput | undefined {
    const index = this.#callers.get(event.index);
    return index === undefined ? undefined : { ...event, index };
  }

  #addText({ text, phase }: Extract<CompletionOutput, { type: 'text' }>): void {
    const last = this.parts.at(-1);
    if (last?.type === 'text' && last.vendor?.['openai']?.['phase'] === phase)
      this.parts[this.parts.length - 1] = { ...last, text: last.text + text };
    else this.parts.push({ type: 'text', text, ...(phase === undefined ? {} : { vendor: { openai: { phase } } }) });
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
interface VendorStep {
  readonly parts: readonly CompletionAnswerPart[];
  readonly usage: TokenUsage;
}

/** A step, and the results of its tools. */
interface RunStep extends ToolResultMessage {
  readonly parts: readonly CompletionAnswerPart[];
}

const toImage = ({ mediaType, bytes }: ChatImage): CompletionPart => ({
  type: 'image',
  url: `data:${mediaType};base64,${Buffer.from(bytes).toString('base64')}`,
});

function stepMessages({ parts, results }: RunStep): CompletionMessage[] {
  const answers = results.map(({ callId, name, output, isError, images = [] }): CompletionMessage => ({
    role: 'tool',
    callId,
    name,
    content: [{ type: 'text', text: output }, ...images.map(toImage)],
    isError,
  }));
  return [{ role: 'assistant', content: parts }, ...answers];
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
  { step, parts }: { readonly step: CalledStep | StoredStep; readonly parts: RunStep['parts'] },
): Promise<RunStep[]> {
  const most = 'model' in candidate && candidate.model.takesImages ? undefined : 0;
  return withNewestPictures([...before, { role: 'toolResults', parts, results: await runAll(tools, step) }], most);
}

/** Another model cannot read vendor-specific data. */
function withoutVendor({ vendor: _vendor, ...part }: CompletionAnswerPart): CompletionAnswerPart {
  return part;
}

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

const toTool = ({ name, description, inputSchema }: ToolDefinition): CompletionTool => ({ name, description, parameters: inputSchema });

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
      if (output !== undefined) yield output;
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
    const { parts, usage: used } = step.vendor as VendorStep;
    yield* sayAgain(parts, textBefore);
    textBefore = step.text === '' ? textBefore : step.text;
    usage = used;
    ran = await runStep(ran, { tools, candidate }, { step, parts: step.ref === ref ? parts : parts.map(withoutVendor) });
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
    const { ownCalls } = step;
    if (ownCalls.length === 0 || step.hasCallersCalls) {
      yield { ...step.finish, usage };
      return undefined;
    }
    if (isLast && 'model' in candidate) {
      yield { type: 'error', error: toolLoop(candidate.model, tools) };
      return undefined;
    }
    textBefore = step.text === '' ? textBefore : step.text;
    const { text, parts } = step;
    const vendor: VendorStep = { parts, usage };
    const called = { text, calls: ownCalls.map(toToolCall), ref, vendor, usage: null };
    ran = await runStep(ran, { tools, candidate }, { step: called, parts });
  }
}
