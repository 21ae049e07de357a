/**
 * Converts a whole document to the equivalent stream of events of its API, because some servers answer that way although a stream
 * was requested. Part of the vendor bundle.
 */
import { serverSentEvent } from '../../../../shared/node/server-sent-events.js';
import { type Fields, isFields, listOf } from '../../../../shared/fields.js';

const data = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
const typed = (type: string, fields: Fields): string => serverSentEvent(type, { type, ...fields });

/** A `chat.completion`, as one chunk. */
function chatEvents(document: Fields): string[] {
  const choices = listOf(document['choices']).map(({ message, ...choice }) => {
    const { tool_calls: calls, ...delta } = isFields(message) ? message : {};
    const numbered = listOf(calls).map((call, index) => ({ index, ...call }));
    return { index: 0, ...choice, delta: { ...delta, ...(numbered.length === 0 ? {} : { tool_calls: numbered }) } };
  });
  return [data({ ...document, object: 'chat.completion.chunk', choices }), 'data: [DONE]\n\n'];
}

/** Returns the start of an Anthropic block, and what follows. */
function blockParts(block: Fields): { start: Fields; deltas: Fields[] } {
  switch (block['type']) {
    case 'text':
      return { start: { ...block, text: '' }, deltas: [{ type: 'text_delta', text: block['text'] }] };
    case 'thinking': {
      const { thinking, signature } = block;
      const signed = signature === undefined ? [] : [{ type: 'signature_delta', signature }];
      return { start: { ...block, thinking: '', signature: '' }, deltas: [{ type: 'thinking_delta', thinking }, ...signed] };
    }
    case 'tool_use':
      return {
        start: { ...block, input: {} },
        deltas: [{ type: 'input_json_delta', partial_json: JSON.stringify(block['input'] ?? {}) }],
      };
    default:
      return { start: block, deltas: [] };
  }
}

/** Converts a `message` of Anthropic's API. */
function messageEvents(document: Fields): string[] {
  const { content, stop_reason: reason, stop_sequence: sequence = null, usage = {} } = document;
  const blocks = listOf(content).flatMap((block, index) => {
    const { start, deltas } = blockParts(block);
    return [
      typed('content_block_start', { index, content_block: start }),
      ...deltas.map((delta) => typed('content_block_delta', { index, delta })),
      typed('content_block_stop', { index }),
    ];
  });
  return [
    typed('message_start', { message: { ...document, content: [], stop_reason: null, stop_sequence: null } }),
    ...blocks,
    typed('message_delta', { delta: { stop_reason: reason, stop_sequence: sequence }, usage }),
    typed('message_stop', {}),
  ];
}

/** Returns the texts of an OpenAI item as events. */
function itemDeltas(item: Fields, place: Fields): string[] {
  switch (item['type']) {
    case 'message':
      return listOf(item['content']).flatMap((part, index) => {
        const at = { ...place, content_index: index };
        if (part['type'] === 'output_text') return [typed('response.output_text.delta', { ...at, delta: part['text'], logprobs: [] })];
        return part['type'] === 'refusal' ? [typed('response.refusal.delta', { ...at, delta: part['refusal'] })] : [];
      });
    case 'reasoning':
      return listOf(item['summary']).flatMap(({ text }, index) => {
        const at = { ...place, summary_index: index };
        return [
          typed('response.reasoning_summary_part.added', at),
          typed('response.reasoning_summary_text.delta', { ...at, delta: text }),
          typed('response.reasoning_summary_part.done', at),
        ];
      });
    case 'function_call':
      return [typed('response.function_call_arguments.delta', { ...place, delta: item['arguments'] })];
    default:
      return [];
  }
}

/** Converts a `response` of OpenAI's API. */
function responseEvents(document: Fields): string[] {
  const items = listOf(document['output']).flatMap((found, index) => {
    const item: Fields = { id: `item_${index}`, ...found };
    const place = { item_id: item['id'], output_index: index };
    const begun = item['type'] === 'function_call' ? { ...item, arguments: '' } : item;
    return [
      typed('response.output_item.added', { output_index: index, item: begun }),
      ...itemDeltas(item, place),
      typed('response.output_item.done', { output_index: index, item }),
    ];
  });
  const end = document['status'] === 'incomplete' ? 'response.incomplete' : 'response.completed';
  return [typed('response.created', { response: document }), ...items, typed(end, { response: document })];
}

/** Google's answers are the same in both forms; without `alt=sse` they come in a list. */
const answersOf = (document: unknown): Fields[] => listOf(Array.isArray(document) ? document : [document]);

function eventsOf(document: unknown): string[] | undefined {
  const answers = answersOf(document);
  if (answers.length > 0 && answers.every(({ candidates }) => Array.isArray(candidates))) return answers.map(data);
  if (!isFields(document) || (document['error'] ?? null) !== null) return undefined;
  if (document['type'] === 'message' && Array.isArray(document['content'])) return messageEvents(document);
  if (document['object'] === 'response' && Array.isArray(document['output'])) return responseEvents(document);
  return listOf(document['choices']).some(({ message }) => isFields(message)) ? chatEvents(document) : undefined;
}

/** @returns the text of the stream; undefined for anything but an answer */
export function streamOfWhole(text: string): string | undefined {
  try {
    return eventsOf(JSON.parse(text))?.join('');
  } catch {
    return undefined;
  }
}
