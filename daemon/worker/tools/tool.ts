/** A tool: an action that a model may ask the gateway for. */
import { GatewayError } from '../../../shared/errors.js';
import { isFields } from '../../../shared/fields.js';
import type { AgentConfig } from '../../../shared/config/schema.js';
import type { ToolDefinition } from '../providers/provider.js';

/** Where a tool was called. */
export interface ToolContext {
  readonly agentId: string;
  readonly sessionKey: string;
  /** Unique for this call; an effect under the same key happens once. */
  readonly callKey: string;
  readonly signal: AbortSignal;
}

/** A text for the model, and unverified images in base64. */
export type ToolOutput = string | { readonly text: string; readonly pictures: readonly string[] };

export interface Tool {
  readonly definition: ToolDefinition;
  /** Whether it has effects outside of the turn; such tools run one after another. Not: it only reads. */
  readonly hasEffects: boolean;
  /** Whether a call whose outcome is unknown may run again: it has no effects, or they happen once per key. */
  readonly isRepeatable: boolean;
  /** Whether it is the gateway's own. */
  readonly isBuiltIn: boolean;
  /** @throws ToolError for an error that the model may correct */
  run(input: unknown, context: ToolContext): Promise<ToolOutput>;
}

/** A source of additional tools for agents. */
export interface ToolSource {
  /**
   * Returns the tools that an agent may call now, within a few seconds; tools that cannot be reached by then, or before the signal aborts, are omitted.
   * Never rejects.
   * @param needed  the names of tools that have already been called: their sources get the full time of a start
   */
  toolsFor(agent: AgentConfig, signal: AbortSignal, needed?: readonly string[]): Promise<readonly Tool[]>;
  /** Returns why a tool of an agent is not available now; undefined: there is no such tool. */
  whyMissing(agent: AgentConfig, name: string): string | undefined;
}

/** A failure whose message the model gets. */
export class ToolError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ToolError';
  }
}

/** A text of a built-in tool's input. */
interface TextField {
  readonly description?: string;
  /** The allowed texts. Default: any. */
  readonly enum?: readonly string[];
  /** In characters. Default 100,000. */
  readonly maxLength?: number;
  readonly isOptional?: true;
}

type TextOf<Field> = Field extends { readonly enum: readonly (infer Value)[] } ? Value : string;
type OptionalKey<Fields> = { [Key in keyof Fields]: Fields[Key] extends { readonly isOptional: true } ? Key : never }[keyof Fields];
type TextsOf<Fields> = { readonly [Key in Exclude<keyof Fields, OptionalKey<Fields>>]: TextOf<Fields[Key]> } & {
  readonly [Key in OptionalKey<Fields>]?: TextOf<Fields[Key]>;
};

interface BuiltInTool<Fields> {
  readonly name: string;
  readonly description: string;
  readonly fields: Fields;
  readonly hasEffects?: boolean;
  run(texts: TextsOf<Fields>, context: ToolContext): Promise<string>;
}

function schemaOf(fields: Readonly<Record<string, TextField>>): ToolDefinition['inputSchema'] {
  const properties = Object.entries(fields).map(([key, { description, enum: values }]) => [
    key,
    { type: 'string', ...(values && { enum: values }), ...(description !== undefined && { description }) },
  ]);
  const required = Object.keys(fields).filter((key) => fields[key]?.isOptional !== true);
  return {
    type: 'object',
    properties: Object.fromEntries(properties) as unknown,
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
}

function readText(key: string, value: unknown, { maxLength = 100_000, enum: values }: TextField): string {
  if (typeof value !== 'string' || value.trim() === '') throw new ToolError(`'${key}' must be a non-empty string`);
  if (value.length > maxLength) throw new ToolError(`'${key}' has ${value.length} characters; at most ${maxLength} are allowed`);
  if (values?.includes(value) === false) throw new ToolError(`'${key}' is '${value}'; it must be ${values.join(' or ')}`);
  return value;
}

/** @throws ToolError when the input does not match the schema; null is allowed for what may be missing */
function readInput(input: unknown, fields: Readonly<Record<string, TextField>>): Record<string, string> {
  if (!isFields(input)) throw new ToolError('the input must be an object');
  const known = Object.keys(fields);
  const unknown = Object.keys(input).find((key) => !known.includes(key));
  if (unknown !== undefined) throw new ToolError(`unknown input '${unknown.slice(0, 64)}'; known inputs: ${known.join(', ')}`);
  const given = Object.entries(fields).filter(([key, { isOptional }]) => isOptional !== true || (input[key] ?? undefined) !== undefined);
  return Object.fromEntries(given.map(([key, field]) => [key, readText(key, input[key], field)]));
}

/** Creates one of the gateway's own tools; exposed errors become readable for the model. */
export function builtIn<const Fields extends Readonly<Record<string, TextField>>>(tool: BuiltInTool<Fields>): Tool {
  const { name, description, fields, hasEffects = false } = tool;
  return {
    definition: { name, description, inputSchema: schemaOf(fields) },
    hasEffects,
    isRepeatable: true,
    isBuiltIn: true,
    async run(input, context) {
      const texts = readInput(input ?? {}, fields) as TextsOf<Fields>;
      try {
        return await tool.run(texts, context);
      } catch (error) {
        if (!(error instanceof GatewayError && error.spec.expose)) throw error;
        throw new ToolError([error.message, error.hint].filter(Boolean).join('. '));
      }
    },
  };
}
