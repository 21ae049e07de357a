/** Lets an agent use its own tools in a stateless call. The tools run here; the caller gets the text alone. */
import { GatewayError } from '../../../shared/errors.js';
import type { TurnTools } from '../turns/model/answer.js';
import type {
  CompletionAnswerPart,
  CompletionMessage,
  CompletionTool,
  CompletionToolCall,
  CompletionUsage,
} from '../providers/completion.js';
import type { ToolCall, ToolResult } from '../providers/provider.js';
import { sum } from '../providers/token-cost.js';
import type { CompletionCall, CompletionOutput } from './completion-call.js';

/** Calls a model once. @returns the error, when it failed before its first output */
export type AskModel = (call: CompletionCall) => AsyncGenerator<CompletionOutput, GatewayError | undefined>;

type Finish = Extract<CompletionOutput, { type: 'finish' }>;

function addUsage(a: CompletionUsage | undefined, b: CompletionUsage): CompletionUsage {
  if (a === undefined) return b;
  return {
    inputTokens: sum(a.inputTokens, b.inputTokens),
    outputTokens: sum(a.outputTokens, b.outputTokens),
    cachedTokens: sum(a.cachedTokens, b.cachedTokens),
    cacheWriteTokens: sum(a.cacheWriteTokens, b.cacheWriteTokens),
    reasoningTokens: sum(a.reasoningTokens, b.reasoningTokens),
  };
}

/** Collects the output of one step. */
class Step {
  text = '';
  finish: Finish | undefined;
  /** As the model wrote it, for its next step. */
  readonly parts: CompletionAnswerPart[] = [];
  readonly #calls = new Map<number, CompletionToolCall & { arguments: string }>();
  #reasoning = '';

  get calls(): CompletionToolCall[] {
    return [...this.#calls.values()];
  }

  /** @returns whether the caller gets the event */
  take(event: CompletionOutput): boolean {
    switch (event.type) {
      case 'toolStart': {
        const call = { type: 'toolCall' as const, id: event.id, name: event.name, arguments: '' };
        this.#calls.set(event.index, call);
        this.parts.push(call);
        return false;
      }
      case 'toolArguments': {
        const call = this.#calls.get(event.index);
        if (call !== undefined) call.arguments += event.text;
        return false;
      }
      case 'finish':
        this.finish = event;
        return false;
      case 'text':
        this.text += event.text;
        this.#addText(event.text);
        return true;
      case 'reasoning':
        this.#reasoning += event.text;
        return true;
      case 'reasoningEnd':
        this.parts.push({ type: 'reasoning', text: this.#reasoning, ...(event.vendor === undefined ? {} : { vendor: event.vendor }) });
        this.#reasoning = '';
        return true;
      case 'error':
        return true;
    }
  }

  #addText(text: string): void {
    const last = this.parts.at(-1);
    if (last?.type === 'text') this.parts[this.parts.length - 1] = { ...last, text: last.text + text };
    else this.parts.push({ type: 'text', text });
  }
}

function toToolCall({ id, name, arguments: text }: CompletionToolCall): ToolCall {
  try {
    return { id, name, input: text === '' ? {} : (JSON.parse(text) as unknown) };
  } catch (error) {
    return { id, name, input: text, problem: error instanceof Error ? error.message : String(error) };
  }
}

/** Runs the tools. Their events are dropped. */
async function runAll(tools: TurnTools, calls: readonly CompletionToolCall[]): Promise<ToolResult[]> {
  const running = tools.run(calls.map(toToolCall));
  for (;;) {
    const next = await running.next();
    if (next.done === true) return next.value;
  }
}

function toolLoop({ maxIterations }: TurnTools): GatewayError {
  return new GatewayError('AGENT_ERROR', {
    message: `the model called tools ${maxIterations} times without giving an answer`,
    details: { reason: 'toolLoop' },
    hint: 'Send a smaller request, or raise agents.defaults.maxToolIterations.',
  });
}

/** @throws a failure after tools have run: another model would run them again */
export async function* completeWithTools(
  call: CompletionCall,
  tools: TurnTools,
  ask: AskModel,
): AsyncGenerator<CompletionOutput, GatewayError | undefined> {
  const definitions = tools.definitions.map(({ name, description, inputSchema }): CompletionTool => ({
    name,
    description,
    parameters: inputSchema,
  }));
  const messages: CompletionMessage[] = [...call.messages];
  let usage: CompletionUsage | undefined;
  let textBefore = '';
  for (let iteration = 0; ; iteration += 1) {
    const isLast = iteration >= tools.maxIterations;
    const step = new Step();
    const outputs = ask({ ...call, messages, tools: definitions, ...(isLast ? { toolChoice: 'none' as const } : {}) });
    for (let next = await outputs.next(); ; next = await outputs.next()) {
      if (next.done === true) {
        if (next.value === undefined) break;
        if (iteration === 0) return next.value;
        throw next.value;
      }
      // Texts before and after a tool call are two paragraphs.
      const isNextParagraph = next.value.type === 'text' && step.text === '' && textBefore !== '' && !/\s$/.test(textBefore);
      if (isNextParagraph) yield { type: 'text', text: '\n\n' };
      if (step.take(next.value)) yield next.value;
    }
    if (step.finish === undefined) return undefined;
    usage = addUsage(usage, step.finish.usage);
    const { calls } = step;
    if (calls.length === 0) {
      yield { ...step.finish, usage };
      return undefined;
    }
    if (isLast) {
      yield { type: 'error', error: toolLoop(tools) };
      return undefined;
    }
    textBefore = step.text === '' ? textBefore : step.text;
    const results = await runAll(tools, calls);
    messages.push({ role: 'assistant', content: step.parts });
    for (const { callId, name, output, isError } of results)
      messages.push({ role: 'tool', callId, name, content: [{ type: 'text', text: output }], isError });
  }
}
