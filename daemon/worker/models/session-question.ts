/**
 * A call that names a session: its last message becomes a turn, and settings that belong to the agent's configuration cannot be
 * given.
 */
import { fieldsOf } from '../../../shared/fields.js';
import { isStorable } from '../../../shared/text/storable.js';
import type { GatewayError } from '../../../shared/errors.js';
import type { CompletionMessage } from '../providers/completion.js';
import type { CompletionCall } from './completion-call.js';
import { refuse, settingNames } from './refusals.js';

const textOf = ({ content }: CompletionMessage): string =>
  typeof content === 'string' ? content : content.map((part) => (part.type === 'text' ? part.text : '')).join('');

function reasoningField(call: CompletionCall): string | undefined {
  const { reasoning_effort: effort, reasoning, output_config: output } = call.extra?.fields ?? {};
  if (call.reasoning !== undefined) return settingNames(call).reasoning;
  if (typeof effort === 'string') return 'reasoning_effort';
  if (typeof fieldsOf(reasoning)['effort'] === 'string') return 'reasoning';
  return typeof fieldsOf(output)['effort'] === 'string' ? 'output_config' : undefined;
}

const refuseSetting = (param: string, name = `'${param}'`): GatewayError =>
  refuse(param, `${name} cannot be sent for a session: its agent uses its own configuration`, 'Omit either it or X-Xopc-Session.');

/** Settings that would change the meaning of the answer. Others, such as a temperature, have no effect in a session. */
function refusalInSession(call: CompletionCall): GatewayError | undefined {
  const names = settingNames(call);
  if (call.tools !== undefined && call.tools.length > 0) return refuseSetting('tools');
  if (call.messages.some((message) => message.role === 'system' && textOf(message) !== ''))
    return refuseSetting(names.instructions, names.instructions === 'messages' ? 'A system message' : undefined);
  if (call.stop !== undefined) return refuseSetting(names.stop);
  if (call.responseFormat !== undefined) return refuseSetting(names.format);
  const reasoning = reasoningField(call);
  return reasoning === undefined ? undefined : refuseSetting(reasoning);
}

/** @throws INVALID_REQUEST unless the last message is a text from the user without NUL characters, and for settings that a session does not accept */
export function questionOf(call: CompletionCall): string {
  const refusal = refusalInSession(call);
  if (refusal !== undefined) throw refusal;
  const { input } = settingNames(call);
  const last = call.messages.at(-1);
  if (last?.role !== 'user' || last.content.some(({ type }) => type !== 'text') || textOf(last) === '')
    throw refuse(input, 'with a session the last message must be a text from the user; earlier ones are ignored');
  const text = textOf(last);
  if (!isStorable(text)) throw refuse(input, 'with a session the last message must not have a NUL character', 'Remove it from the text.');
  return text;
}
