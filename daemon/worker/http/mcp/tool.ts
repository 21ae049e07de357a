/** A tool of `/mcp` as data: which operation of the API it stands for, who may call it, and what it does. */
import { type JsonSchema, toJsonSchema } from '../../../../shared/api/json-schema.js';
import { type Schema, validate } from '../../../../shared/api/validate.js';
import type { AccessToken } from '../../access/access-tokens.js';
import { mayCall, mayUseAllAgents, type NeededScope } from '../../access/allowed.js';
import type { Span } from '../../tracing/span.js';

/** Who asks. */
export interface ToolCaller {
  /** Undefined: it may do everything. */
  readonly access: AccessToken | undefined;
  readonly requestId: string;
  readonly span: Span | undefined;
  /** Aborts when the client disconnects, and at the end of the drain time. */
  readonly signal: AbortSignal;
}

export interface ToolCall extends ToolCaller {
  /** Reports that the call goes on, with the next words of the answer if there are some. Undefined: nobody asked for it. */
  readonly onProgress: ((words?: string) => void) | undefined;
}

export interface ToolDefinition<Input> {
  readonly name: string;
  readonly title: string;
  /** For models. */
  readonly description: string;
  readonly hints: { readonly isReadOnly: boolean; readonly isIdempotent?: boolean; readonly isOpenWorld?: boolean };
  /** Of the operation of the API: a token needs the same scope. */
  readonly method: 'GET' | 'POST';
  readonly scope: NeededScope;
  /** Whether a token that is limited to agents may call it; it then checks the agent itself. */
  readonly isPerAgent?: boolean;
  readonly input: () => Schema<Input>;
  /** Of a short answer. Long schemas are left out: some clients give them to their model. */
  readonly answer?: () => Schema<unknown>;
  readonly run: (input: Input, call: ToolCall) => Promise<object>;
  /** What of the answer is for a reader. Default: all, as JSON. */
  readonly textOf?: (answer: object) => string;
}

export interface Tool {
  readonly name: string;
  /** As `tools/list` has it. */
  readonly listed: () => { name: string; title: string; inputSchema: JsonSchema };
  /** @throws FORBIDDEN */
  readonly checkAccess: (access: AccessToken | undefined) => void;
  /** @throws INVALID_REQUEST with the field, and what the operation of the API throws */
  readonly call: (input: unknown, call: ToolCall) => Promise<{ answer: object; text: string }>;
}

/** Makes a tool. Its input has been checked when `run` runs. */
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
      const answered = await run(validate(input(), given, 'arguments'), call);
      return { answer: answered, text: textOf(answered) };
    },
  };
}
