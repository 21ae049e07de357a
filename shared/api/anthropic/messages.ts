/**
 * `/v1/messages`, as Anthropic's SDKs and Claude Code send and read it. Fields not named here are accepted: they are passed on
 * unchanged to providers of the same API and dropped for others.
 * Source: the API reference of Anthropic, "Messages".
 */
import * as z from 'zod';

const MAX_DATA = 33_554_432;

const data = () =>
  z
    .string()
    .max(MAX_DATA)
    .regex(/^[A-Za-z0-9+/=\s]+$/, 'must be base64');
const url = () =>
  z
    .string()
    .max(8_192)
    .regex(/^https?:\/\/\S+$/, 'must be an http(s) URL');
const cacheControl = () => z.looseObject({ type: z.string() }).nullish();

const textBlock = () => z.looseObject({ type: z.literal('text'), text: z.string(), cache_control: cacheControl() });

const imageBlock = () =>
  z.looseObject({
    type: z.literal('image'),
    source: z.discriminatedUnion(
      'type',
      [
        z.looseObject({
          type: z.literal('base64'),
          media_type: z.string().regex(/^image\/[\w.+-]+$/, 'must be a type of image'),
          data: data(),
        }),
        z.looseObject({ type: z.literal('url'), url: url() }),
      ],
      { error: 'must be of type base64 or url' },
    ),
    cache_control: cacheControl(),
  });

const documentBlock = () =>
  z.looseObject({
    type: z.literal('document'),
    source: z.discriminatedUnion(
      'type',
      [
        z.looseObject({ type: z.literal('base64'), media_type: z.literal('application/pdf'), data: data() }),
        z.looseObject({ type: z.literal('text'), media_type: z.literal('text/plain'), data: z.string() }),
        z.looseObject({ type: z.literal('url'), url: url() }),
      ],
      { error: 'must be of type base64, text or url' },
    ),
    title: z.string().nullish(),
    context: z.string().nullish(),
    citations: z.looseObject({ enabled: z.literal(false, { error: 'must be false: citations are not supported' }).optional() }).nullish(),
    cache_control: cacheControl(),
  });

/** A tool found by the caller's search; it was sent with `defer_loading`. */
const referenceBlock = () => z.looseObject({ type: z.literal('tool_reference'), tool_name: z.string().min(1) });

const resultPart = () =>
  z.discriminatedUnion('type', [textBlock(), imageBlock(), documentBlock(), referenceBlock()], {
    error: 'must be of type text, image, document or tool_reference',
  });

const resultBlock = () =>
  z.looseObject({
    type: z.literal('tool_result'),
    tool_use_id: z.string().min(1),
    content: z
      .union([z.string(), z.array(resultPart())], { error: 'must be a string or an array of text, image or document blocks' })
      .nullish(),
    is_error: z.boolean().nullish(),
    cache_control: cacheControl(),
  });

const useBlock = () =>
  z.looseObject({
    type: z.literal('tool_use'),
    id: z.string().min(1),
    name: z.string().min(1),
    input: z.record(z.string(), z.unknown()),
    cache_control: cacheControl(),
  });

const thinkingBlock = () => z.looseObject({ type: z.literal('thinking'), thinking: z.string(), signature: z.string() });
const redactedBlock = () => z.looseObject({ type: z.literal('redacted_thinking'), data: z.string() });

/** The tools that a model sees from here on. */
const changeBlock = () =>
  z.looseObject({
    type: z.enum(['tool_addition', 'tool_removal']),
    tool: z.looseObject({
      type: z.literal('tool_reference', { error: 'must be tool_reference: send the tool itself in tools' }),
      name: z.string().min(1),
    }),
  });

const message = () =>
  z.discriminatedUnion('role', [
    z.looseObject({
      role: z.literal('user'),
      content: z.union(
        [
          z.string(),
          z
            .array(
              z.discriminatedUnion('type', [textBlock(), imageBlock(), documentBlock(), resultBlock()], {
                error: 'must be of type text, image, document or tool_result',
              }),
            )
            .min(1),
        ],
        { error: 'must be a string or an array of text, image, document or tool_result blocks' },
      ),
    }),
    z.looseObject({
      role: z.literal('assistant'),
      content: z.union(
        [
          z.string(),
          z.array(
            z.discriminatedUnion('type', [textBlock(), thinkingBlock(), redactedBlock(), useBlock()], {
              error: 'must be of type text, thinking, redacted_thinking or tool_use',
            }),
          ),
        ],
        { error: 'must be a string or an array of text, thinking, redacted_thinking or tool_use blocks' },
      ),
    }),
    z.looseObject({
      role: z.literal('system'),
      content: z.union(
        [
          z.string(),
          z.array(
            z.discriminatedUnion('type', [textBlock(), changeBlock()], { error: 'must be of type text, tool_addition or tool_removal' }),
          ),
        ],
        { error: 'must be a string or an array of text blocks' },
      ),
    }),
  ]);

const jsonSchema = () => z.record(z.string(), z.unknown());

const tool = () =>
  z.looseObject({
    type: z.literal('custom', { error: 'must be custom: tools that run at the vendor are not supported' }).nullish(),
    name: z.string().regex(/^[A-Za-z0-9_-]{1,128}$/, 'must be 1 to 128 letters, digits, underscores or dashes'),
    description: z.string().nullish(),
    input_schema: jsonSchema(),
    strict: z.boolean().nullish(),
  });

const isSequential = () => z.boolean().nullish();
const toolChoice = () =>
  z.discriminatedUnion(
    'type',
    [
      z.looseObject({ type: z.enum(['auto', 'any', 'none']), disable_parallel_tool_use: isSequential() }),
      z.looseObject({ type: z.literal('tool'), name: z.string().min(1), disable_parallel_tool_use: isSequential() }),
    ],
    { error: 'must be of type auto, any, tool or none' },
  );

const display = () => z.enum(['summarized', 'omitted']).or(z.string()).nullish();
const thinking = () =>
  z.discriminatedUnion(
    'type',
    [
      z.looseObject({ type: z.literal('enabled'), budget_tokens: z.int().min(1_024), display: display() }),
      z.looseObject({ type: z.literal('adaptive'), display: display() }),
      z.looseObject({ type: z.literal('disabled') }),
    ],
    { error: 'must be of type enabled, adaptive or disabled' },
  );

const prompt = () => ({
  model: z.string().min(1).max(200),
  messages: z.array(message()).min(1),
  system: z.union([z.string(), z.array(textBlock())], { error: 'must be a string or an array of text blocks' }).nullish(),
  tools: z.array(tool()).max(1_024).nullish(),
  tool_choice: toolChoice().nullish(),
  thinking: thinking().nullish(),
});

/** Body of `POST /v1/messages`. `model` is an agent's id, or `provider/model`. */
export const messagesRequest = () =>
  z.looseObject({
    ...prompt(),
    max_tokens: z.int().min(1),
    stream: z.boolean().nullish(),
    stop_sequences: z.array(z.string()).max(16).nullish(),
    temperature: z.number().min(0).max(1).nullish(),
    top_p: z.number().min(0).max(1).nullish(),
    top_k: z.int().min(0).nullish(),
    metadata: z.looseObject({ user_id: z.string().nullish() }).nullish(),
    output_config: z
      .looseObject({
        format: z.looseObject({ type: z.literal('json_schema'), schema: jsonSchema() }).nullish(),
        effort: z.string().nullish(),
      })
      .nullish(),
    mcp_servers: z.array(z.unknown()).max(0, 'is not supported: connect to MCP servers yourself, or give them to the agent').nullish(),
    container: z.null({ error: 'is not supported' }).optional(),
  });
export type MessagesRequest = z.output<ReturnType<typeof messagesRequest>>;

/** Body of `POST /v1/messages/count_tokens`. */
export const countTokensRequest = () => z.looseObject(prompt());
export type CountTokensRequest = z.output<ReturnType<typeof countTokensRequest>>;

export const countTokensResponse = () => z.strictObject({ input_tokens: z.int().min(0) });

const usage = () =>
  z.strictObject({
    /** Without tokens read from or written to the provider's cache. */
    input_tokens: z.int().min(0),
    cache_creation_input_tokens: z.int().min(0),
    cache_read_input_tokens: z.int().min(0),
    output_tokens: z.int().min(0),
    output_tokens_details: z.strictObject({ thinking_tokens: z.int().min(0) }).optional(),
  });
export type MessagesUsage = z.output<ReturnType<typeof usage>>;

const answerBlock = () =>
  z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('text'), text: z.string() }),
    z.strictObject({ type: z.literal('thinking'), thinking: z.string(), signature: z.string() }),
    z.strictObject({ type: z.literal('redacted_thinking'), data: z.string() }),
    z.strictObject({ type: z.literal('tool_use'), id: z.string(), name: z.string(), input: z.record(z.string(), z.unknown()) }),
  ]);
export type MessagesBlock = z.output<ReturnType<typeof answerBlock>>;

const stop = () => ({
  /** From the provider if it is Anthropic; otherwise `end_turn`, `max_tokens`, `tool_use` or `refusal`. */
  stop_reason: z.string().nullable(),
  /** Null if the provider does not report it. */
  stop_sequence: z.string().nullable(),
});

export const messagesResponse = () =>
  z.strictObject({
    id: z.string(),
    type: z.literal('message'),
    role: z.literal('assistant'),
    model: z.string(),
    content: z.array(answerBlock()),
    ...stop(),
    usage: usage(),
  });
export type MessagesResponse = z.output<ReturnType<typeof messagesResponse>>;

const error = () => z.strictObject({ type: z.string(), message: z.string().min(1) });

/** The shape of every error under `/v1/messages`. */
export const anthropicErrorResponse = () => z.strictObject({ type: z.literal('error'), error: error(), request_id: z.string() });
export type AnthropicErrorResponse = z.output<ReturnType<typeof anthropicErrorResponse>>;

/** One event of the stream: its name is its type. */
export const messagesEvent = () =>
  z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('message_start'), message: messagesResponse() }),
    z.strictObject({ type: z.literal('content_block_start'), index: z.int().min(0), content_block: answerBlock() }),
    z.strictObject({
      type: z.literal('content_block_delta'),
      index: z.int().min(0),
      delta: z.discriminatedUnion('type', [
        z.strictObject({ type: z.literal('text_delta'), text: z.string() }),
        z.strictObject({ type: z.literal('thinking_delta'), thinking: z.string() }),
        z.strictObject({ type: z.literal('signature_delta'), signature: z.string() }),
        z.strictObject({ type: z.literal('input_json_delta'), partial_json: z.string() }),
      ]),
    }),
    z.strictObject({ type: z.literal('content_block_stop'), index: z.int().min(0) }),
    z.strictObject({ type: z.literal('message_delta'), delta: z.strictObject(stop()), usage: usage() }),
    z.strictObject({ type: z.literal('message_stop') }),
    z.strictObject({ type: z.literal('ping') }),
    anthropicErrorResponse(),
  ]);
export type MessagesEvent = z.output<ReturnType<typeof messagesEvent>>;
