/** A tool of `/mcp` as data: its API operation, who may call it, and what it does. */
import { type JsonSchema, toJsonSchema } from '../../../../shared/api/json-schema.js';
import { type Schema, validateWithNulls } from '../../../../shared/api/validate.js';
import type { AccessToken } from '../../access/access-tokens.js';
import { mayCall, mayUseAllAgents, type NeededScope } from '../../access/allowed.js';
import type { Span } from '../../tracing/span.js';

/** The caller. */
export interface ToolCaller {
  /** Undefined: it may do everything. */
  readonly access: AccessToken | undefined;
  readonly requestId: string;
  readonly span: Span | undefined;
  /** Aborts when the client disconnects, and at the end of the drain time. */
  readonly signal: AbortSignal;
}

export interface ToolCall extends ToolCaller {
  /** Reports that the call continues, with the next part of the answer, if any. Undefined if no progress was requested. */
  readonly onProgress: ((words?: string) => void) | undefined;
}

export interface ToolDefinition<Input> {
  readonly name: string;
  readonly title: string;
  /** Description for models. */
  readonly description: string;
  readonly hints: { readonly isReadOnly: boolean; readonly isIdempotent?: boolean; readonly isOpenWorld?: boolean };
  /** The scope of the API operation, which a token needs here too. */
  readonly method: 'GET' | 'POST';
  readonly scope: NeededScope;
  /** Whether a token that is limited to agents may call it; it then checks the agent itself. */
  readonly isPerAgent?: boolean;
  readonly input: () => Schema<Input>;
  /** Schema of a short answer. Long schemas are omitted, because some clients pass them to their model. */
  readonly answer?: () => Schema<unknown>;
  readonly run: (input: Input, call: ToolCall) => Promise<object>;
  /** The part of the answer that is for a reader. Default: all, as JSON. */
  readonly textOf?: (answer: object) => string;
}

export interface Tool {
  readonly name: string;
  /** The tool as listed by `tools/list`. */
  readonly listed: () => { name: string; title: string; inputSchema: JsonSchema };
  /** @throws FORBIDDEN */
  readonly checkAccess: (access: AccessToken | undefined) => void;
  /** @throws INVALID_REQUEST with the field, and the errors of the API operation */
  readonly call: (input: unknown, call: ToolCall) => Promise<{ answer: object; text: string }>;
}

/** Creates a tool. Its input has been checked before `run` is called. */
export function tool<Input>(definition: ToolDefinition<Input>): Tool {
  const { name, title, description, hints, method, scope, isPerAgent = false, input, answer, run, textOf = JSON.stringify } = definition;
  const { isReadOnly, isIdempotent = isReadOnly, isOpenWorld = false } = hints;
  let listed: ReturnType<Tool['listed']> | undefined;
  const list = () => ({
    name,
    title,
    description,
    inputSchema: toJsonSchema(input(), 'input'),
    ...(answer === undefined ? {} : { outputSchema: toJsonSchema(answer(), 'output') }),
    annotations: { readOnlyHint: isReadOnly, destructiveHint: false, idempotentHint: isIdempotent, openWorldHint: isOpenWorld },
  });
  return {
    name,
    listed: () => (listed ??= list()),
    checkAccess(access) {
      mayCall(access, method, scope);
      if (!isPerAgent) mayUseAllAgents(access);
    },
    async call(given, call) {
      const answered = await run(validateWithNulls(input(), given, 'arguments'), call);
      return { answer: answered, text: textOf(answered) };
    },
  };
}
