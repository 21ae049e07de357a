/**
 * A request of `/v1/responses`, as OpenAI's SDKs send it. Fields not named here are accepted and have no effect, unless a provider of the same API
 * takes them.
 * Source: the API reference of OpenAI, "Responses".
 */
import * as z from 'zod';
import { imageUrl, jsonSchema, toolName } from '../openai.js';

const id = () => z.string().min(1).max(200);
const text = () => z.string();
const noFileId = () => z.null({ error: 'is not supported: files are not stored; send their content' }).optional();

const contentPart = () =>
  z.discriminatedUnion(
    'type',
    [
      z.looseObject({ type: z.literal('input_text'), text: text() }),
      z.looseObject({ type: z.literal('input_image'), image_url: imageUrl(), detail: z.string().nullish(), file_id: noFileId() }),
      z.looseObject({
        type: z.literal('input_file'),
        file_data: z
          .string()
          .regex(/^(data:application\/pdf;base64,)?[A-Za-z0-9+/=\s]+$/, 'must be base64, or a data: URL, of a PDF')
          .nullish(),
        file_url: z.url({ protocol: /^https?$/ }).nullish(),
        filename: z.string().max(512).nullish(),
        file_id: noFileId(),
      }),
      z.looseObject({ type: z.literal('output_text'), text: text() }),
      z.looseObject({ type: z.literal('refusal'), refusal: text() }),
    ],
    { error: 'must be input_text, input_image, input_file, output_text or refusal' },
  );

const content = () => z.union([text(), z.array(contentPart())]);

const summaryPart = () => z.looseObject({ type: z.literal('summary_text'), text: text() });
const reasoningPart = () => z.looseObject({ type: z.literal('reasoning_text'), text: text() });

/** One item of `input`, as a caller writes it. */
export const inputItem = () =>
  z.discriminatedUnion(
    'type',
    [
      z.looseObject({
        type: z.literal('message').optional(),
        id: id().nullish(),
        role: z.enum(['user', 'assistant', 'system', 'developer']),
        content: content(),
        phase: z.string().nullish(),
      }),
      z.looseObject({
        type: z.literal('function_call'),
        id: id().nullish(),
        call_id: id(),
        name: z.string().min(1).max(200),
        arguments: text(),
        status: z.string().nullish(),
      }),
      z.looseObject({ type: z.literal('function_call_output'), id: id().nullish(), call_id: id(), output: content() }),
      z.looseObject({
        type: z.literal('custom_tool_call'),
        id: id().nullish(),
        call_id: id(),
        name: z.string().min(1).max(200),
        input: text(),
        status: z.string().nullish(),
      }),
      z.looseObject({ type: z.literal('custom_tool_call_output'), id: id().nullish(), call_id: id(), output: content() }),
      z.looseObject({
        type: z.literal('reasoning'),
        id: id().nullish(),
        summary: z.array(summaryPart()).nullish(),
        content: z.array(reasoningPart()).nullish(),
        encrypted_content: z.string().nullish(),
      }),
      z.looseObject({ type: z.literal('item_reference'), id: id() }),
    ],
    {
      error:
        'must be a message, function_call, function_call_output, custom_tool_call, custom_tool_call_output, reasoning or item_reference',
    },
  );
export type InputItem = z.output<ReturnType<typeof inputItem>>;

/** An item as it is kept. */
export type ResponseItem = InputItem & { readonly id: string };

/** The format of a custom tool's input: any text, or a grammar. */
const toolFormat = () => z.looseObject({ type: z.enum(['text', 'grammar']), definition: z.string().max(65_536).nullish() });

const tool = () =>
  z.discriminatedUnion(
    'type',
    [
      z.looseObject({
        type: z.literal('function'),
        name: toolName(),
        description: z.string().nullish(),
        parameters: jsonSchema().nullish(),
        strict: z.boolean().nullish(),
      }),
      z.looseObject({ type: z.literal('custom'), name: toolName(), description: z.string().nullish(), format: toolFormat().nullish() }),
    ],
    { error: 'must be function or custom: hosted tools are not supported' },
  );

const toolChoice = () =>
  z.union([z.enum(['auto', 'none', 'required']), z.looseObject({ type: z.enum(['function', 'custom']), name: z.string().min(1) })], {
    error: 'must be auto, none, required, or {"type": "function", "name": …}',
  });

const textFormat = () =>
  z.discriminatedUnion('type', [
    z.looseObject({ type: z.literal('text') }),
    z.looseObject({ type: z.literal('json_object') }),
    z.looseObject({
      type: z.literal('json_schema'),
      name: z.string(),
      description: z.string().nullish(),
      schema: jsonSchema(),
      strict: z.boolean().nullish(),
    }),
  ]);

export const metadata = () => z.record(z.string().max(64), z.string().max(512));

/** Body of `POST /v1/responses`. `model` is an agent's id, or `provider/model`. */
export const responseRequest = () =>
  z.looseObject({
    model: z.string().min(1).max(200),
    input: z.union([text().min(1), z.array(inputItem()).min(1)], { error: 'must be a text or a list of items' }),
    instructions: z.string().nullish(),
    stream: z.boolean().nullish(),
    store: z.boolean().nullish(),
    tools: z.array(tool()).max(1_024).nullish(),
    tool_choice: toolChoice().nullish(),
    parallel_tool_calls: z.boolean().nullish(),
    max_output_tokens: z.int().min(1).nullish(),
    temperature: z.number().min(0).max(2).nullish(),
    top_p: z.number().min(0).max(1).nullish(),
    text: z.looseObject({ format: textFormat().nullish(), verbosity: z.enum(['low', 'medium', 'high']).nullish() }).nullish(),
    reasoning: z.looseObject({ effort: z.string().max(20).nullish(), summary: z.string().max(20).nullish() }).nullish(),
    metadata: metadata().nullish(),
    user: z.string().max(512).nullish(),
    include: z
      .array(
        z
          .string()
          .refine(
            (name) => name !== 'message.output_text.logprobs',
            'must not contain message.output_text.logprobs: log probabilities are not supported',
          ),
      )
      .max(20)
      .nullish(),
    truncation: z.literal('disabled', { error: 'must be disabled: nothing is left out of the input' }).nullish(),
    top_logprobs: z.literal(0, { error: 'must be 0: log probabilities are not supported' }).nullish(),
    prompt: z.null({ error: 'is not supported: prompts are not stored' }).optional(),
    previous_response_id: id().nullish(),
    conversation: z.union([id(), z.looseObject({ id: id() })], { error: 'must be an id, or {"id": …}' }).nullish(),
    background: z.boolean().nullish(),
  });
export type ResponseRequest = z.output<ReturnType<typeof responseRequest>>;
