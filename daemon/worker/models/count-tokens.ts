/** Counts the tokens of a stateless call: the provider's own count, or an estimate. */
import type { Clock } from '../../../shared/clock.js';
import type { GatewayError } from '../../../shared/errors.js';
import type {
  CompletionAnswerPart,
  CompletionMessage,
  CompletionPart,
  CompletionRequest,
  CompletionTool,
} from '../providers/completion.js';
import { describeFailure, type FailureKind } from '../providers/failure.js';
import type { ResolvedModel } from '../providers/registry.js';
import { callModel } from '../turns/model/call-model.js';
import { estimateTokens, TOKENS_PER_IMAGE } from '../turns/model/context.js';

/** Servers of the API that do not support counting. */
const CANNOT_COUNT: ReadonlySet<FailureKind> = new Set<FailureKind>(['notFound', 'notTheApi', 'protocol']);

function tokensOfPart(part: CompletionPart | CompletionAnswerPart): number {
  if (part.type === 'image' || part.type === 'file') return TOKENS_PER_IMAGE;
  return estimateTokens(part.type === 'toolCall' ? part.name + part.arguments : part.text);
}

function tokensOf({ content }: CompletionMessage): number {
  if (typeof content === 'string') return estimateTokens(content);
  return content.reduce((total, part) => total + tokensOfPart(part), 0);
}

const tokensOfTool = ({ name, description = '', parameters }: CompletionTool): number =>
  estimateTokens(name + description + JSON.stringify(parameters));

export function estimateRequest({ messages, tools = [] }: Pick<CompletionRequest, 'messages' | 'tools'>): number {
  return [...messages.map(tokensOf), ...tools.map(tokensOfTool)].reduce((total, tokens) => total + tokens, 0);
}

/** @returns undefined if the provider cannot count @throws the provider's error */
export async function countTokens(
  model: ResolvedModel,
  request: CompletionRequest,
  { signal, clock }: { readonly signal: AbortSignal; readonly clock: Clock },
): Promise<number | undefined> {
  const count = model.provider.count?.bind(model.provider);
  if (count === undefined) return undefined;
  // Not counted in the model's health, because it says nothing about answers.
  const unnoted = { ...model, noteCall: undefined };
  for await (const event of callModel(unnoted, (limited) => count(request, limited), { signal, clock })) {
    if (event.type === 'counted') return event.inputTokens;
    if (event.type === 'aborted' || CANNOT_COUNT.has(event.failure.kind)) return undefined;
    throw describeFailure(event.failure, model.failing, 'stateless') satisfies GatewayError;
  }
  return undefined;
}
