/** Writes requests for servers of chat completions as they take them. Part of the vendor bundle. */
import type { ConnectionSettings } from '../../provider.js';
import { listOf } from '../../../../../shared/fields.js';
import { instructionText } from '../completion-prompt.js';
import type { Body } from '../own-request.js';
import { sentId } from './call-ids.js';
import { type Differences, differencesOf } from './differences.js';

function writeMessage({ tool_calls: calls, tool_call_id: id, ...message }: Body, callIds: RegExp): Body {
  return {
    ...message,
    ...(Array.isArray(calls)
      ? { tool_calls: (calls as Body[]).map((call) => ({ ...call, id: sentId(String(call['id']), callIds) })) }
      : {}),
    ...(typeof id === 'string' ? { tool_call_id: sentId(id, callIds) } : {}),
  };
}

/** Stands between the results of tools and a message of the user where the model itself has not answered. */
const ANSWER: Body = { role: 'assistant', content: 'OK.' };

const wordsOf = (content: unknown): string =>
  typeof content === 'string'
    ? content
    : listOf(content)
        .map(({ text }) => text)
        .join('');

function writeMessages(messages: readonly Body[], { callIds, hasStrictOrder }: Differences): readonly Body[] {
  const written = callIds === undefined ? messages : messages.map((message) => writeMessage(message, callIds));
  if (hasStrictOrder !== true) return written;
  const firstOther = written.findIndex(({ role }) => role !== 'system');
  const isLate = ({ role }: Body, index: number): boolean => role === 'system' && firstOther >= 0 && index > firstOther;
  return written.flatMap((given, index) => {
    const message = isLate(given, index) ? { role: 'user', content: instructionText(wordsOf(given['content'])) } : given;
    return message['role'] === 'user' && written[index - 1]?.['role'] === 'tool' ? [ANSWER, message] : [message];
  });
}

function writeBody(body: Body, { limit, seed: seedName = 'seed', ...differences }: Differences): Record<string, unknown> {
  const { max_tokens: maxTokens, max_completion_tokens: ofCaller, seed, messages, ...rest } = body;
  return {
    [seedName]: seed,
    [limit ?? (ofCaller === undefined ? 'max_tokens' : 'max_completion_tokens')]: maxTokens,
    ...rest,
    messages: writeMessages(messages as Body[], differences),
  };
}

interface ChatOptions {
  /** Without it, strict servers report no tokens. */
  readonly includeUsage: boolean;
  readonly transformRequestBody: (body: Body) => Record<string, unknown>;
}

/** Returns the SDK's options for a server. */
export function chatOptions({ id, baseUrl }: Pick<ConnectionSettings, 'id' | 'baseUrl'>): ChatOptions {
  const provider = { id, host: new URL(baseUrl).host };
  return {
    includeUsage: differencesOf('', provider).alwaysReportsUsage !== true,
    transformRequestBody: (body) => writeBody(body, differencesOf(String(body['model']), provider)),
  };
}
