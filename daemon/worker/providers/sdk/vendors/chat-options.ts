/** Writes requests for servers of chat completions in the form that they accept. Part of the vendor bundle. */
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

const EFFORTS: readonly string[] = ['reasoning_effort', 'reasoningEffort'];

/** Returns options of a call whose caller did not write them for this API, without what its server refuses. */
export function acceptedOptions<Options extends Body>(options: Options, { refusedFields = [], hasOneEffort }: Differences): Options {
  const accepted = Object.entries(options).filter(([name]) => !refusedFields.includes(name));
  const isRaised = ([name, value]: readonly [string, unknown]): boolean =>
    hasOneEffort === true && EFFORTS.includes(name) && value !== 'none';
  return Object.fromEntries(accepted.map((entry) => (isRaised(entry) ? [entry[0], 'high'] : entry))) as Options;
}

interface ChatOptions {
  /** Without it, strict servers report no tokens. */
  readonly includeUsage: boolean;
  readonly transformRequestBody: (body: Body) => Record<string, unknown>;
}

/** Returns the SDK's options for a server. */
export function chatOptions(provider: Pick<ConnectionSettings, 'id' | 'baseUrl'>): ChatOptions {
  return {
    includeUsage: differencesOf('', provider).alwaysReportsUsage !== true,
    transformRequestBody: (body) => writeBody(body, differencesOf(String(body['model']), provider)),
  };
}
