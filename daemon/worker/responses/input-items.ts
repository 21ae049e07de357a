/** Converts the items of a request to their stored form, each with an id. */
import type { InputItem, ResponseItem, ResponseRequest } from '../../../shared/api/responses/request.js';
import { type IdPrefix, newId } from '../../../shared/ids.js';
import { refuse } from '../models/refusals.js';

const PREFIX: Readonly<Record<string, IdPrefix>> = {
  function_call: 'fc',
  function_call_output: 'fc',
  custom_tool_call: 'ctc',
  custom_tool_call_output: 'ctc',
  reasoning: 'rs',
};

function toItem(item: Exclude<InputItem, { type: 'item_reference' }>): ResponseItem {
  const id = item.id ?? newId(PREFIX[item.type ?? 'message'] ?? 'msg');
  if (item.type === 'reasoning') return { ...item, id, summary: item.summary ?? [] };
  if (item.type !== 'message' && item.type !== undefined)
    return { ...item, id, status: item.status === 'incomplete' ? 'incomplete' : 'completed' };
  const { content, role } = item;
  const text = (words: string) =>
    role === 'assistant' ? { type: 'output_text' as const, text: words, annotations: [] } : { type: 'input_text' as const, text: words };
  return { ...item, id, type: 'message', status: 'completed', content: typeof content === 'string' ? [text(content)] : content };
}

/** Returns the ids of items that a request references but does not contain. */
export function referencesOf(input: ResponseRequest['input']): string[] {
  return typeof input === 'string' ? [] : input.flatMap((item) => (item.type === 'item_reference' ? [item.id] : []));
}

/** @throws INVALID_REQUEST for a reference to an item that is not in `known` */
export function toItems(input: ResponseRequest['input'], known: ReadonlyMap<string, ResponseItem>): ResponseItem[] {
  if (typeof input === 'string') return [toItem({ role: 'user', content: input })];
  return input.map((item, index) => {
    if (item.type !== 'item_reference') return toItem(item);
    const found = known.get(item.id);
    if (found === undefined) throw refuse(`input.${index}.id`, `There is no item with the id '${item.id}'.`);
    return found;
  });
}
