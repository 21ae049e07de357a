/**
 * `/v1/models` and `/v1/chat/completions`, as OpenAI's SDKs send and read them. Fields not named here are accepted: they are passed on
 * unchanged to providers of the same API and dropped for others.
 * Source: the API reference of OpenAI, "Chat" and "Models".
 */
import * as z from 'zod';

const text = () => z.string();
const textPart = () => z.looseObject({ type: z.literal('text'), text: text() });
const texts = () => z.union([text(), z.array(textPart())], { error: 'must be a string or an array of parts of type text' });
const refusalPart = () => z.looseObject({ type: z.literal('refusal'), refusal: text() });
const answerParts = () =>
  z.array(z.discriminatedUnion('type', [textPart(), refusalPart()], { error: 'must be a part of type text or refusal' }));

/** An image for a model: a URL that the provider fetches, or inline data. */
export const imageUrl = () =>
  z
    .string()
    .max(33_554_432)
    .regex(/^(https?:\/\/\S+|data:image\/[\w.+-]+;base64,[A-Za-z0-9+/=\s]+)$/, 'must be an http(s) URL or a base64 data: URL of an image');
const imagePart = () =>
  z.looseObject({ type: z.literal('image_url'), image_url: z.looseObject({ url: imageUrl(), detail: z.string().nullish() }) });
/** Base64, alone or as a `data:` URL. */
const fileData = () =>
  z
    .string()
    .max(33_554_432)
    .regex(/^(?:data:[\w.+-]+\/[\w.+-]+;base64,)?[A-Za-z0-9+/=\s]+$/, 'must be base64, or a base64 data: URL');
/** A PDF as `file_data`, or one that the provider stores. */
const filePart = () =>
  z.looseObject({
    type: z.literal('file'),
    file: z
      .looseObject({ file_data: fileData().nullish(), file_id: z.string().nullish(), filename: z.string().nullish() })
      .refine((file) => typeof (file.file_data ?? file.file_id) === 'string', { error: 'must have file_data or file_id' }),
  });
const audioPart = () =>
  z.looseObject({
    type: z.literal('input_audio'),
    input_audio: z.looseObject({
      data: fileData(),
      format: z.string().regex(/^[a-z0-9]{1,10}$/, 'must be a format such as wav or mp3'),
    }),
  });
const userPart = () =>
  z.discriminatedUnion('type', [textPart(), imagePart(), filePart(), audioPart()], {
    error: 'must be a part of type text, image_url, file or input_audio',
  });

const toolCall = () =>
  z.discriminatedUnion('type', [
    z.looseObject({
      id: z.string().min(1),
      type: z.literal('function'),
      function: z.looseObject({ name: z.string().min(1), arguments: z.string() }),
    }),
    z.looseObject({
      id: z.string().min(1),
      type: z.literal('custom'),
      custom: z.looseObject({ name: z.string().min(1), input: z.string() }),
    }),
  ]);

const message = () =>
  z.discriminatedUnion('role', [
    z.looseObject({ role: z.enum(['system', 'developer']), content: texts() }),
    z.looseObject({
      role: z.literal('user'),
      content: z.union([text(), z.array(userPart()).min(1)], { error: 'must be a string or an array of parts' }),
    }),
    z.looseObject({
      role: z.literal('assistant'),
      content: z.union([text(), answerParts()], { error: 'must be a string or an array of parts of type text or refusal' }).nullish(),
      refusal: z.string().nullish(),
      tool_calls: z.array(toolCall()).nullish(),
    }),
    z.looseObject({ role: z.literal('tool'), content: texts(), tool_call_id: z.string().min(1) }),
  ]);

export const jsonSchema = () => z.record(z.string(), z.unknown());

export const toolName = () => z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, underscores or dashes');

const grammar = () => z.looseObject({ definition: z.string().max(65_536), syntax: z.enum(['lark', 'regex']) });

const tool = () =>
  z.discriminatedUnion(
    'type',
    [
      z.looseObject({
        type: z.literal('function'),
        function: z.looseObject({
          name: toolName(),
          description: z.string().nullish(),
          parameters: jsonSchema().nullish(),
          strict: z.boolean().nullish(),
        }),
      }),
      z.looseObject({
        type: z.literal('custom'),
        custom: z.looseObject({
          name: toolName(),
          description: z.string().nullish(),
          format: z.looseObject({ type: z.enum(['text', 'grammar']), grammar: grammar().nullish() }).nullish(),
        }),
      }),
    ],
    { error: 'must be function or custom' },
  );

const toolChoice = () =>
  z.union(
    [
      z.enum(['auto', 'none', 'required']),
      z.looseObject({ type: z.literal('function'), function: z.looseObject({ name: z.string().min(1) }) }),
      z.looseObject({ type: z.literal('custom'), custom: z.looseObject({ name: z.string().min(1) }) }),
    ],
    {
      error: 'must be auto, none, required, or {"type": "function", "function": {"name": …}}',
    },
  );

const responseFormat = () =>
  z.discriminatedUnion('type', [
    z.looseObject({ type: z.literal('text') }),
    z.looseObject({ type: z.literal('json_object') }),
    z.looseObject({
      type: z.literal('json_schema'),
      json_schema: z.looseObject({
        name: z.string(),
        description: z.string().nullish(),
        schema: jsonSchema().nullish(),
        strict: z.boolean().nullish(),
      }),
    }),
  ]);

/** Body of `POST /v1/chat/completions`. `model` is an agent's id, or `provider/model`. */
export const chatCompletionRequest = () =>
  z.looseObject({
    model: z.string().min(1).max(200),
    messages: z.array(message()).min(1),
    stream: z.boolean().nullish(),
    stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
    tools: z.array(tool()).max(1_024).nullish(),
    tool_choice: toolChoice().nullish(),
    parallel_tool_calls: z.boolean().nullish(),
    temperature: z.number().min(0).max(2).nullish(),
    top_p: z.number().min(0).max(1).nullish(),
    max_tokens: z.int().min(1).nullish(),
    max_completion_tokens: z.int().min(1).nullish(),
    stop: z.union([z.string(), z.array(z.string()).max(16)], { error: 'must be a string or an array of at most 16 strings' }).nullish(),
    seed: z.int().nullish(),
    presence_penalty: z.number().min(-2).max(2).nullish(),
    frequency_penalty: z.number().min(-2).max(2).nullish(),
    response_format: responseFormat().nullish(),
    n: z.literal(1, { error: 'must be 1: only one choice is supported' }).nullish(),
    logprobs: z.literal(false, { error: 'must be false: log probabilities are not supported' }).nullish(),
    modalities: z
      .array(z.string().refine((name) => name !== 'audio', 'must not contain audio: only text and pictures are passed on'))
      .nullish(),
    functions: z.null({ error: 'is not supported; use tools' }).optional(),
    function_call: z.null({ error: 'is not supported; use tool_choice' }).optional(),
  });

export type ChatCompletionRequest = z.output<ReturnType<typeof chatCompletionRequest>>;

/** Body of `POST /v1/embeddings`; everything but `model` is passed on to the provider. */
export const forwardedRequest = () => z.looseObject({ model: z.string().min(1).max(200) });

/** The provider's response, unchanged. */
export const forwardedAnswer = () => z.looseObject({});

const usage = () =>
  z.strictObject({
    prompt_tokens: z.int().min(0),
    completion_tokens: z.int().min(0),
    total_tokens: z.int().min(0),
    prompt_tokens_details: z.strictObject({ cached_tokens: z.int().min(0) }).optional(),
    completion_tokens_details: z.strictObject({ reasoning_tokens: z.int().min(0) }).optional(),
  });
export type ChatUsage = z.output<ReturnType<typeof usage>>;

const finishReason = () => z.enum(['stop', 'length', 'tool_calls', 'content_filter']);

const answerCall = () =>
  z.discriminatedUnion('type', [
    z.strictObject({ id: z.string(), type: z.literal('function'), function: z.strictObject({ name: z.string(), arguments: z.string() }) }),
    z.strictObject({ id: z.string(), type: z.literal('custom'), custom: z.strictObject({ name: z.string(), input: z.string() }) }),
  ]);

/** What a model answers besides text: pictures, in the form of OpenRouter and LiteLLM, and sources of the text, as the provider writes them. */
const answerExtras = () => ({
  images: z.array(z.strictObject({ type: z.literal('image_url'), image_url: z.strictObject({ url: z.string() }) })).optional(),
  annotations: z.array(z.looseObject({})).optional(),
});

export const chatCompletion = () =>
  z.strictObject({
    id: z.string(),
    object: z.literal('chat.completion'),
    created: z.int(),
    model: z.string(),
    choices: z
      .array(
        z.strictObject({
          index: z.literal(0),
          message: z.strictObject({
            role: z.literal('assistant'),
            content: z.string().nullable(),
            refusal: z.string().nullable(),
            reasoning_content: z.string().optional(),
            tool_calls: z.array(answerCall()).optional(),
            ...answerExtras(),
          }),
          logprobs: z.null(),
          finish_reason: finishReason(),
        }),
      )
      .length(1),
    usage: usage().optional(),
  });
export type ChatCompletion = z.output<ReturnType<typeof chatCompletion>>;

const delta = () =>
  z.strictObject({
    role: z.literal('assistant').optional(),
    content: z.string().optional(),
    refusal: z.string().optional(),
    reasoning_content: z.string().optional(),
    tool_calls: z
      .array(
        z.strictObject({
          index: z.int().min(0),
          id: z.string().optional(),
          type: z.enum(['function', 'custom']).optional(),
          function: z.strictObject({ name: z.string().optional(), arguments: z.string() }).optional(),
          custom: z.strictObject({ name: z.string().optional(), input: z.string() }).optional(),
        }),
      )
      .optional(),
    ...answerExtras(),
  });

export const chatCompletionChunk = () =>
  z.strictObject({
    id: z.string(),
    object: z.literal('chat.completion.chunk'),
    created: z.int(),
    model: z.string(),
    /** Empty in the chunk that carries the usage. */
    choices: z
      .array(z.strictObject({ index: z.literal(0), delta: delta(), logprobs: z.null(), finish_reason: finishReason().nullable() }))
      .max(1),
    /** Only with `stream_options.include_usage`: null in every chunk but that one. */
    usage: usage().nullish(),
  });
export type ChatCompletionChunk = z.output<ReturnType<typeof chatCompletionChunk>>;

/** The second half of the fields is for Anthropic's SDKs. */
const modelObject = () =>
  z.strictObject({
    id: z.string(),
    object: z.literal('model'),
    created: z.int(),
    owned_by: z.string(),
    type: z.literal('model'),
    display_name: z.string(),
    created_at: z.iso.datetime(),
  });
export const modelListResponse = () =>
  z.strictObject({
    object: z.literal('list'),
    data: z.array(modelObject()),
    has_more: z.literal(false),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
  });
export const modelObjectResponse = modelObject;

/** The shape of every error under `/v1`. `code` is one that OpenAI's clients know, otherwise the gateway's code in lower case. */
export const openAiErrorResponse = () =>
  z.strictObject({
    error: z.strictObject({ message: z.string().min(1), type: z.string(), param: z.string().nullable(), code: z.string() }),
  });
export type OpenAiErrorResponse = z.output<ReturnType<typeof openAiErrorResponse>>;

/** One `data:` of the stream; the last chunk is followed by `data: [DONE]`, an error by nothing. */
export const chatCompletionEvent = () => z.union([chatCompletionChunk(), openAiErrorResponse()]);

/** Header that names a session; it makes a call of `/v1/chat/completions` a turn in that session. */
export const SESSION_HEADER = 'x-xopc-session';
