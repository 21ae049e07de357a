/** What servers of chat completions demand for particular models. */
import { type Body, listOf } from './vendor-protocol.js';

/** OpenAI's reasoning models: https://github.com/langgenius/dify/issues/24307. */
export const GPT_5 = 'gpt-5-mini';

/** At Groq, whose reasoning comes as `reasoning`: https://github.com/janhq/jan/issues/8136. */
export const GPT_OSS = 'openai/gpt-oss-120b';

/** https://api-docs.deepseek.com/guides/thinking_mode#tool-calls */
export const DEEPSEEK = 'deepseek-reasoner';

/** Models that have demands of their own. */
export const PARTICULAR_MODELS = [GPT_5, GPT_OSS, DEEPSEEK];

/** Returns where the messages behind the user's last words have a fault. */
function findInTurn(messages: readonly Body[], isFault: (message: Body) => boolean): number {
  const question = messages.findLastIndex(({ role }) => role === 'user');
  return messages.findIndex((message, index) => index > question && isFault(message));
}

const DEMANDS: Readonly<Record<string, (body: Body) => string | undefined>> = {
  [GPT_5]: ({ max_tokens: limit }) =>
    limit === undefined
      ? undefined
      : "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
  [GPT_OSS]({ messages }) {
    const at = listOf(messages).findIndex((message) => 'reasoning_content' in message);
    return at < 0 ? undefined : `'messages.${at}' : for 'role:assistant' the property 'reasoning_content' is unsupported`;
  },
  [DEEPSEEK]({ messages }) {
    const at = findInTurn(
      listOf(messages),
      ({ tool_calls: calls, reasoning_content: thoughts }) => calls !== undefined && thoughts === undefined,
    );
    return at < 0 ? undefined : `Missing \`reasoning_content\` field in the assistant message at message index ${at}.`;
  },
};

/** Returns what the vendor of its model would refuse a request for. */
export const problemOfModel = (body: Body): string | undefined => DEMANDS[String(body['model'])]?.(body);

/** The field in which the reasoning of a model comes. */
export const reasoningField = (model: string): string => (model === GPT_OSS ? 'reasoning' : 'reasoning_content');
