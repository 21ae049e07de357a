/**
 * The stream of a response.
 * Source: the API reference of OpenAI, "Streaming events".
 */
import * as z from 'zod';
import { outputItem, outputText, refusalText, responseDocument, summaryText } from './document.js';

const text = () => z.string();

const event = <Type extends string, Shape extends z.ZodRawShape>(type: Type, shape: Shape) =>
  z.strictObject({ type: z.literal(type), sequence_number: z.int().min(0), ...shape });
const inItem = { item_id: z.string(), output_index: z.int() };
const inText = { ...inItem, content_index: z.literal(0) };
const inSummary = { ...inItem, summary_index: z.literal(0) };
const ofResponse = () => ({ response: responseDocument() });
const ofItem = () => ({ output_index: z.int(), item: outputItem() });
const contentPart = () => z.discriminatedUnion('type', [outputText(), refusalText()]);
const logprobs = () => z.array(z.never());

/** One event of the stream, in the order in which they come. The last one is `completed`, `incomplete`, `failed` or `error`. */
export const responseEvent = () =>
  z.discriminatedUnion('type', [
    event('response.created', ofResponse()),
    event('response.queued', ofResponse()),
    event('response.in_progress', ofResponse()),
    event('response.output_item.added', ofItem()),
    event('response.content_part.added', { ...inText, part: contentPart() }),
    event('response.output_text.delta', { ...inText, delta: text(), logprobs: logprobs() }),
    event('response.output_text.done', { ...inText, text: text(), logprobs: logprobs() }),
    event('response.refusal.delta', { ...inText, delta: text() }),
    event('response.refusal.done', { ...inText, refusal: text() }),
    event('response.content_part.done', { ...inText, part: contentPart() }),
    event('response.reasoning_summary_part.added', { ...inSummary, part: summaryText() }),
    event('response.reasoning_summary_text.delta', { ...inSummary, delta: text() }),
    event('response.reasoning_summary_text.done', { ...inSummary, text: text() }),
    event('response.reasoning_summary_part.done', { ...inSummary, part: summaryText() }),
    event('response.function_call_arguments.delta', { ...inItem, delta: text() }),
    event('response.function_call_arguments.done', { ...inItem, name: z.string(), arguments: text() }),
    event('response.custom_tool_call_input.delta', { ...inItem, delta: text() }),
    event('response.custom_tool_call_input.done', { ...inItem, input: text() }),
    event('response.output_item.done', ofItem()),
    event('response.completed', ofResponse()),
    event('response.incomplete', ofResponse()),
    event('response.failed', ofResponse()),
    event('error', { code: z.string().nullable(), message: z.string(), param: z.string().nullable() }),
  ]);
export type ResponseEvent = z.output<ReturnType<typeof responseEvent>>;
