/** The span of one model call: the request and the outcome. Never contains text of the conversation. */
import type { TokenUsage } from '../../providers/completion.js';
import type { ProviderFailure } from '../../providers/failure.js';
import type { ResolvedModel } from '../../providers/registry.js';
import { modelAttributes } from '../../tracing/gen-ai.js';
import type { Attributes, Span } from '../../tracing/span.js';

/** By the names of the conventions. */
export type Operation = 'chat' | 'embeddings';

interface Finish {
  readonly type: 'finish';
  readonly usage: TokenUsage;
  readonly reason?: string;
  readonly responseModel?: string;
}

function serverAttributes(baseUrl: string): Attributes {
  if (!URL.canParse(baseUrl)) return {};
  const { hostname, port, protocol } = new URL(baseUrl);
  return { 'server.address': hostname, 'server.port': port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port) };
}

function finishAttributes({ usage, reason, responseModel }: Finish): Attributes {
  return {
    'gen_ai.response.model': responseModel,
    'gen_ai.response.finish_reasons': reason === undefined ? undefined : [reason],
    'gen_ai.usage.input_tokens': usage.inputTokens,
    'gen_ai.usage.output_tokens': usage.outputTokens,
    'gen_ai.usage.cache_read.input_tokens': usage.cacheReadTokens,
    'gen_ai.usage.cache_creation.input_tokens': usage.cacheWriteTokens,
    'gen_ai.usage.reasoning.output_tokens': usage.reasoningTokens,
  };
}

export class CallSpan {
  readonly #span: Span;
  #attributes: Attributes = {};
  /** Until the call has ended in another way. */
  #error: string | undefined = 'aborted';

  constructor(parent: Span, { ref, modelId, failing }: ResolvedModel, { agentId, operation }: { agentId: string; operation: Operation }) {
    const attributes = {
      'gen_ai.operation.name': operation,
      ...modelAttributes(ref),
      'gen_ai.agent.id': agentId === '' ? undefined : agentId,
      'gen_ai.request.stream': operation === 'chat' ? true : undefined,
      ...serverAttributes(failing.baseUrl),
    };
    this.#span = parent.child({ name: `${operation} ${modelId}`, kind: 'client', attributes });
  }

  note(event: { readonly type: string }): void {
    if (event.type === 'finish') this.#attributes = finishAttributes(event as Finish);
    if (event.type === 'finish' || event.type === 'end') this.#error = undefined;
    if (event.type !== 'failed') return;
    const { kind, status } = (event as unknown as { readonly failure: ProviderFailure }).failure;
    this.#error = status === null || status < 400 ? kind : String(status);
  }

  end(firstTokenMs: number | null): void {
    const first = firstTokenMs === null ? undefined : firstTokenMs / 1_000;
    this.#span.end({ attributes: { ...this.#attributes, 'gen_ai.response.time_to_first_chunk': first }, error: this.#error });
  }
}
