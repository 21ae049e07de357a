/** Converts a request of the Responses API to a call of the completion service. */
import type { InputItem, ResponseRequest } from '../../../shared/api/responses/request.js';
import { givenFields } from '../../../shared/fields.js';
import { CUSTOM_PARAMETERS, customDescription } from '../models/custom-tools.js';
import { holdResponse } from '../store/responses/background.js';
import type { StoredStep } from '../store/turns/turn-steps.js';
import type { CompletionCall } from '../models/completion-call.js';
import type { CompletionSettings, CompletionTool } from '../providers/completion.js';
import { extraFields, functionTool, jsonFormat } from '../models/given-settings.js';
import { checkTools } from '../models/refusals.js';
import { messagesOf } from './input-messages.js';

function toTool(tool: NonNullable<ResponseRequest['tools']>[number]): CompletionTool {
  if (tool.type === 'custom') return { name: tool.name, parameters: CUSTOM_PARAMETERS, ...customDescription(tool) };
  return functionTool(tool);
}

function toFormat({ text }: ResponseRequest): CompletionSettings['responseFormat'] {
  const format = text?.format;
  if (format === null || format === undefined || format.type === 'text') return undefined;
  if (format.type === 'json_object') return { type: 'json' };
  return jsonFormat(format);
}

/** Fields that are part of the call, that the gateway handles, or that only concern the format of the answer. */
const OWN_FIELDS: ReadonlySet<string> = new Set([
  'model',
  'input',
  'instructions',
  'stream',
  'stream_options',
  'store',
  'background',
  'previous_response_id',
  'conversation',
  'include',
  'metadata',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'max_output_tokens',
  'temperature',
  'top_p',
  'top_logprobs',
  'text',
  'truncation',
  'prompt',
]);

/** Returns the other fields. */
function extraOf(request: ResponseRequest): NonNullable<CompletionSettings['extra']> {
  const verbosity = request.text?.verbosity ?? undefined;
  const others = extraFields(request, OWN_FIELDS);
  return { api: 'responses', fields: { ...others, ...(verbosity === undefined ? {} : { text: { verbosity } }) } };
}

/** Whether the caller wants to see that the model reasons. */
const wantsReasoning = ({ reasoning }: ResponseRequest): boolean => typeof reasoning?.summary === 'string';

/** @throws INVALID_REQUEST for a tool choice that names a missing tool */
function toolsOf({ tools, tool_choice: choice }: ResponseRequest): Pick<CompletionSettings, 'tools' | 'toolChoice'> {
  const list = tools?.map(toTool);
  const toolChoice = typeof choice === 'object' && choice !== null ? { name: choice.name } : (choice ?? undefined);
  checkTools(list, toolChoice);
  if (list === undefined) return {};
  return { tools: list, ...givenFields({ toolChoice }) };
}

/**
 * @param input.before  items of earlier responses, oldest first
 * @throws INVALID_REQUEST for a tool choice that names a missing tool, and the errors of {@link messagesOf}
 */
export function toCall(request: ResponseRequest, input: { before: readonly InputItem[]; items: readonly InputItem[] }): CompletionCall {
  const { model, instructions } = request;
  const system = instructions === null || instructions === undefined ? [] : [{ role: 'system' as const, content: instructions }];
  return {
    model,
    messages: [...system, ...messagesOf(input)],
    ...toolsOf(request),
    extra: extraOf(request),
    ...givenFields({
      responseFormat: toFormat(request),
      temperature: request.temperature,
      topP: request.top_p,
      maxOutputTokens: request.max_output_tokens,
      parallelToolCalls: request.parallel_tool_calls,
      reasoning: wantsReasoning(request) ? { budgetTokens: null } : undefined,
    }),
  };
}

/** Returns the step storage of a response, for the worker that writes it. */
export function stepsOf(
  writer: { readonly id: string; readonly instanceId: string },
  stored: readonly StoredStep[],
): NonNullable<CompletionCall['steps']> {
  return {
    id: writer.id,
    sessionId: undefined,
    steps: stored.length,
    stored,
    hold: (tx) => holdResponse(tx, writer),
  };
}
