/** A tool: an action that a model may ask the gateway for. */
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

/** @throws ToolError when the input is not an object, or has unknown keys */
export function readInput(input: unknown, known: readonly string[]): Readonly<Record<string, unknown>> {
  if (!isFields(input)) throw new ToolError('the input must be an object');
  const unknown = Object.keys(input).find((key) => !known.includes(key));
  if (unknown !== undefined) throw new ToolError(`unknown input '${unknown.slice(0, 64)}'; known inputs: ${known.join(', ')}`);
  return input;
}

/** @throws ToolError when it is missing, not a text, empty or too long */
export function readText(input: Readonly<Record<string, unknown>>, key: string, maxLength = 100_000): string {
  const value = input[key];
  if (typeof value !== 'string' || value.trim() === '') throw new ToolError(`'${key}' must be a non-empty string`);
  if (value.length > maxLength) throw new ToolError(`'${key}' has ${value.length} characters; at most ${maxLength} are allowed`);
  return value;
}

export function readOptionalText(input: Readonly<Record<string, unknown>>, key: string, maxLength?: number): string | undefined {
  return input[key] === undefined || input[key] === null ? undefined : readText(input, key, maxLength);
}
