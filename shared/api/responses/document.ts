/**
 * A response of `/v1/responses`, as OpenAI's SDKs read it.
 * Source: the API reference of OpenAI, "Responses".
 */
import * as z from 'zod';
import { metadata } from './request.js';

const text = () => z.string();

const itemStatus = () => z.enum(['in_progress', 'completed', 'incomplete']);

export const outputText = () =>
  z.strictObject({ type: z.literal('output_text'), text: text(), annotations: z.array(z.never()), logprobs: z.array(z.never()) });
export const refusalText = () => z.strictObject({ type: z.literal('refusal'), refusal: text() });
const outputMessage = () =>
  z.strictObject({
    id: z.string(),
    type: z.literal('message'),
    role: z.literal('assistant'),
    status: itemStatus(),
    content: z.array(z.discriminatedUnion('type', [outputText(), refusalText()])),
    /** The purpose that newer OpenAI models state. */
    phase: text().optional(),
  });
export const summaryText = () => z.strictObject({ type: z.literal('summary_text'), text: text() });
const outputReasoning = () =>
  z.strictObject({
    id: z.string(),
    type: z.literal('reasoning'),
    summary: z.array(summaryText()),
    /** Only for the model that wrote it. */
    encrypted_content: z.string().optional(),
  });
const functionCall = () =>
  z.strictObject({
    id: z.string(),
    type: z.literal('function_call'),
    status: itemStatus(),
    call_id: z.string(),
    name: z.string(),
    arguments: text(),
  });

const customCall = () =>
  z.strictObject({
    id: z.string(),
    type: z.literal('custom_tool_call'),
    status: itemStatus(),
    call_id: z.string(),
    name: z.string(),
    input: text(),
  });

export const outputItem = () => z.discriminatedUnion('type', [outputMessage(), outputReasoning(), functionCall(), customCall()]);
export type OutputItem = z.output<ReturnType<typeof outputItem>>;

const usage = () =>
  z.strictObject({
    input_tokens: z.int().min(0),
    input_tokens_details: z.strictObject({ cached_tokens: z.int().min(0) }),
    output_tokens: z.int().min(0),
    output_tokens_details: z.strictObject({ reasoning_tokens: z.int().min(0) }),
    total_tokens: z.int().min(0),
  });

const status = () => z.enum(['queued', 'in_progress', 'completed', 'incomplete', 'failed', 'cancelled']);

/** A response. Settings are those of the request; null where it named none. */
export const responseDocument = () =>
  z.strictObject({
    id: z.string(),
    object: z.literal('response'),
    created_at: z.int(),
    completed_at: z.int().nullable(),
    status: status(),
    error: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
    incomplete_details: z.strictObject({ reason: z.enum(['max_output_tokens', 'content_filter']) }).nullable(),
    model: z.string(),
    output: z.array(outputItem()),
    usage: usage().nullable(),
    background: z.boolean(),
    store: z.boolean(),
    instructions: z.string().nullable(),
    max_output_tokens: z.int().nullable(),
    metadata: metadata(),
    parallel_tool_calls: z.boolean(),
    previous_response_id: z.string().nullable(),
    conversation: z.strictObject({ id: z.string() }).nullable(),
    reasoning: z.looseObject({ effort: z.string().nullable(), summary: z.string().nullable() }),
    temperature: z.number().nullable(),
    text: z.looseObject({ format: z.looseObject({ type: z.string() }) }),
    tool_choice: z.union([z.string(), z.looseObject({ type: z.string() })]),
    tools: z.array(z.looseObject({ type: z.enum(['function', 'custom']), name: z.string() })),
    top_p: z.number().nullable(),
    truncation: z.literal('disabled'),
    user: z.string().nullable(),
  });
export type ResponseDocument = z.output<ReturnType<typeof responseDocument>>;
