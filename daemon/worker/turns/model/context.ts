/** Chooses how much of a conversation the model gets: the newest part that fits its context window. */
import { cutText } from '../../../../shared/text/one-line.js';
import { withNewestPictures } from '../../files/pictures.js';
import type { ResolvedModel } from '../../providers/registry.js';
import type { ChatMessage, ModelMessage, ModelRequest, ToolCallMessage, ToolResult, ToolResultMessage } from '../../providers/provider.js';

/** For models with an unknown window: that of small local models. */
const DEFAULT_CONTEXT_WINDOW = 32_768;
/** Maximum tokens of an answer, if the model's limit is unknown. */
export const MAX_ANSWER_TOKENS = 8_192;
/** Servers of many models accept it: Claude Code sends it. */
const MAX_REQUIRED_LIMIT = 32_000;
/** What the SDK sends by itself. */
const MIN_REQUIRED_LIMIT = 4_096;
/** An estimate may be wrong by this much. */
const SAFETY = 0.85;
export const MAX_MESSAGES = 1_000;
/** Role names and separators around each message. */
const TOKENS_PER_MESSAGE = 6;
/** The tokens that vendors count for a large image. */
export const TOKENS_PER_IMAGE = 1_600;

/** A rough count that errs on the high side: four ASCII characters a token, other scripts up to one token a character. */
export function estimateTokens(text: string): number {
  let others = 0;
  for (let index = 0; index < text.length; index += 1) if (text.charCodeAt(index) > 0x7f) others += 1;
  return Math.ceil((text.length - others) / 4 + others * 0.8) + TOKENS_PER_MESSAGE;
}

const LEFT_OUT = '(omitted: the context is full)';
const REST_LEFT_OUT = '\n(the rest is omitted: the context is full)';
/** A text of which less than this would be left is omitted as a whole. */
const MIN_TOKENS = 200;

/** Returns the beginning of a text that takes at most so many tokens, followed by a note; only a note if there is no room. */
export function fitText(text: string, maxTokens: number): string {
  if (estimateTokens(text) <= maxTokens) return text;
  if (maxTokens < MIN_TOKENS) return LEFT_OUT;
  // In twentieths of a token, which are exact.
  let left = (Math.floor(maxTokens) - estimateTokens(REST_LEFT_OUT)) * 20;
  let length = 0;
  for (; length < text.length; length += 1) {
    left -= text.charCodeAt(length) > 0x7f ? 16 : 5;
    if (left < 0) break;
  }
  return cutText(text, length, '') + REST_LEFT_OUT;
}

/** Tokens left for the conversation. */
export function contextBudget(model: { contextWindow: number | null; maxTokens: number | null }): number {
  const window = model.contextWindow ?? DEFAULT_CONTEXT_WINDOW;
  const answer = Math.min(model.maxTokens ?? MAX_ANSWER_TOKENS, MAX_ANSWER_TOKENS, Math.floor(window / 4));
  return Math.floor((window - answer) * SAFETY);
}

/**
 * Returns the limit of an answer in tokens; null: none is sent. Anthropic's API requires one: without it, its SDK sends 4,096 for
 * models that are not Claude, which one that reasons may use up before its first word. Some servers count the limit as part of the
 * context window, so it is at most what the request leaves of it.
 * @param requestTokens  an estimate
 */
export function answerLimit(
  model: Pick<ResolvedModel, 'api' | 'modelId' | 'maxTokens' | 'contextWindow'>,
  requestTokens: () => number,
): number | null {
  const { api, modelId, maxTokens, contextWindow } = model;
  if (maxTokens !== null || api !== 'anthropic-messages' || modelId.includes('claude-')) return maxTokens;
  const window = contextWindow ?? DEFAULT_CONTEXT_WINDOW;
  const left = Math.floor(window - requestTokens() / SAFETY);
  return Math.min(MAX_REQUIRED_LIMIT, Math.floor(window / 4), Math.max(MIN_REQUIRED_LIMIT, left));
}

/** A message, or several that belong together: a tool call and its result. */
export type ContextItem = ChatMessage | readonly ModelMessage[];

export interface ContextOptions {
  readonly budgetTokens: number;
  readonly system: string | undefined;
  /** The user's text. Always the last message and complete, whatever the budget. */
  readonly text: string;
  readonly images?: ChatMessage['images'];
  /** Reads the messages before `seq`, newest first. @returns an empty list at the beginning */
  readBefore(seq: number | undefined): Promise<{ messages: readonly ContextItem[]; nextSeq: number | undefined }>;
}

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0);

const isGroup = (item: ContextItem): item is readonly ModelMessage[] => Array.isArray(item);

const picturesOf = ({ images = [] }: ToolResult): number => images.length;
const picturesIn = (messages: readonly ModelMessage[]): number =>
  sumOf(messages.flatMap((message) => (message.role === 'toolResults' ? message.results.map(picturesOf) : [])));

export function tokensOf(item: ContextItem): number {
  if (isGroup(item)) return estimateTokens(JSON.stringify(withNewestPictures(item, 0))) + picturesIn(item) * TOKENS_PER_IMAGE;
  return estimateTokens(item.content) + (item.images?.length ?? 0) * TOKENS_PER_IMAGE;
}

/** Returns the tokens of a whole request, counted as its parts are when it is made. */
export function estimateRequest({ system = '', messages, tools = [] }: ModelRequest): number {
  const ofMessages = messages.map((message) => tokensOf(message.role === 'user' || message.role === 'assistant' ? message : [message]));
  return sumOf([estimateTokens(system), estimateTokens(JSON.stringify(tools)), ...ofMessages]);
}

/** Providers refuse a conversation that begins with a tool. */
function oldestFirst(newestFirst: readonly ContextItem[]): ModelMessage[] {
  const items = newestFirst.toReversed();
  const first = items.findIndex((item) => !isGroup(item));
  return items.slice(first).flatMap((item): readonly ModelMessage[] => (isGroup(item) ? item : [item]));
}

/** @returns the messages for the model, oldest first */
export async function gatherContext(options: ContextOptions): Promise<ModelMessage[]> {
  const { text: content, images } = options;
  const question: ChatMessage = { role: 'user', content, ...(images === undefined ? {} : { images }) };
  let left = options.budgetTokens - tokensOf(question) - estimateTokens(options.system ?? '');
  const newestFirst: ContextItem[] = [question];
  let seq: number | undefined;
  do {
    const page = await options.readBefore(seq);
    for (const item of page.messages) {
      left -= tokensOf(item);
      // A gap in a conversation misleads more than a late beginning.
      if (left < 0 || newestFirst.length >= MAX_MESSAGES) return oldestFirst(newestFirst);
      newestFirst.push(item);
    }
    seq = page.nextSeq;
  } while (seq !== undefined);
  return oldestFirst(newestFirst);
}

/** Tool calls of a turn under way and their results. */
export type StepMessage = ToolCallMessage | ToolResultMessage;

const pictureTokens = (result: ToolResult): number => picturesOf(result) * TOKENS_PER_IMAGE;
const resultTokens = (result: ToolResult): number => estimateTokens(result.output) + pictureTokens(result);

const stepTokens = (message: StepMessage): number =>
  message.role === 'toolResults'
    ? sumOf(message.results.map(resultTokens))
    : estimateTokens(message.content) + estimateTokens(JSON.stringify(message.calls.map(({ input }) => input)));

function cutResult(result: ToolResult, maxTokens: number): ToolResult {
  if (resultTokens(result) <= Math.max(maxTokens, estimateTokens(LEFT_OUT))) return result;
  const left = maxTokens - pictureTokens(result);
  if (left >= MIN_TOKENS) return { ...result, output: fitText(result.output, left) };
  const { images: _images, ...rest } = result;
  return { ...rest, output: LEFT_OUT };
}

/** Cuts the longest results of one step, so that all together take at most so many tokens. */
function cutResults(results: readonly ToolResult[], maxTokens: number): ToolResult[] {
  const shortestFirst = results.map(resultTokens).toSorted((a, b) => a - b);
  let left = maxTokens;
  let share = 0;
  for (const [index, tokens] of shortestFirst.entries()) {
    share = left / (results.length - index);
    left -= Math.min(tokens, share);
  }
  return results.map((result) => cutResult(result, share));
}

/**
 * Fits the tool calls of a turn into a share of the model's context: the oldest results are cut or omitted first. The newest ones are
 * only cut, as long as there is any room, because the model has not seen them yet.
 * @returns the steps, every call with a result, and their tokens
 */
export function fitSteps(steps: readonly StepMessage[], budgetTokens: number): { steps: StepMessage[]; tokens: number } {
  let tokens = sumOf(steps.map(stepTokens));
  const fitted = steps.map((step): StepMessage => {
    if (tokens <= budgetTokens || step.role !== 'toolResults') return step;
    const before = stepTokens(step);
    const cut = { ...step, results: cutResults(step.results, before - (tokens - budgetTokens)) };
    tokens += stepTokens(cut) - before;
    return cut;
  });
  return { steps: fitted, tokens };
}
