/** What servers of chat completions demand for particular models, and what is particular about their answers. */
import { isDeepStrictEqual } from 'node:util';
import { type Body, listOf } from './vendor-protocol.js';

/** OpenAI's reasoning models: https://github.com/langgenius/dify/issues/24307. */
export const GPT_5 = 'gpt-5-mini';

/** At Groq, whose reasoning comes as `reasoning`: https://github.com/janhq/jan/issues/8136. */
export const GPT_OSS = 'openai/gpt-oss-120b';

/** https://api-docs.deepseek.com/guides/thinking_mode#tool-calls */
export const DEEPSEEK = 'deepseek-reasoner';

/** Through Google's own address for chat completions: https://ai.google.dev/gemini-api/docs/thought-signatures. */
export const GEMINI = 'gemini-3-flash';

/** Through OpenRouter: https://github.com/LibreChat-AI/agents/issues/37. */
export const ROUTED_GEMINI = 'google/gemini-3-flash';

/** At xAI, which counts reasoning in the total alone: https://github.com/vercel/ai/issues/12425. */
export const GROK = 'grok-4';
export const GROK_USAGE = {
  prompt_tokens: 12,
  completion_tokens: 1,
  total_tokens: 399,
  prompt_tokens_details: { cached_tokens: 4 },
  completion_tokens_details: { reasoning_tokens: 386 },
};

/** https://github.com/mistralai/mistral-common, whose validators Mistral's API has, too. */
export const MISTRAL = 'mistral-medium-latest';

/** A model of Mistral that does not reason: https://github.com/vercel/ai/pull/13688. */
export const DEVSTRAL = 'devstral-latest';

/** Models that have ways of their own. */
export const PARTICULAR_MODELS = [GPT_5, GPT_OSS, DEEPSEEK, GEMINI, ROUTED_GEMINI, GROK, MISTRAL, DEVSTRAL];

const SIGNED = { extra_content: { google: { thought_signature: 'c2lnbmVk' } } };

const detail = (index: number, fields: Body): Body => ({ format: 'google-gemini-v1', index, ...fields });
const HIDDEN = ['c2VhbGVk', 'aGlkZGVu'].map((data, call) => detail(1, { type: 'reasoning.encrypted', id: `call_${call}`, data }));
/** What comes in pieces goes back whole. */
const PIECES = ['Let me ', 'look.'].map((text) => detail(0, { type: 'reasoning.text', text }));
const WHOLE = [detail(0, { type: 'reasoning.text', text: 'Let me look.', signature: 'c2ln' }), ...HIDDEN];
const STREAMED = [...PIECES, detail(0, { type: 'reasoning.text', signature: 'c2ln' }), ...HIDDEN];

/** Returns where the messages behind the user's last words have a fault. */
function findInTurn(messages: readonly Body[], isFault: (message: Body) => boolean): number {
  const question = messages.findLastIndex(({ role }) => role === 'user');
  return messages.findIndex((message, index) => index > question && isFault(message));
}

/** `_validate_message_order` of mistral-common. */
const FOLLOWERS: Readonly<Record<string, readonly string[]>> = {
  system: ['system', 'user', 'assistant'],
  user: ['system', 'user', 'assistant'],
  assistant: ['user', 'assistant', 'tool'],
  tool: ['assistant', 'tool'],
};

const DEMANDS: Readonly<Record<string, (body: Body) => string | undefined>> = {
  [GPT_5]: ({ max_tokens: limit }) =>
    limit === undefined
      ? undefined
      : "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
  [GPT_OSS]({ messages }) {
    for (const [index, message] of listOf(messages).entries()) {
      const odd = ['reasoning_content', 'images', 'annotations'].find((name) => name in message);
      if (odd !== undefined) return `'messages.${index}' : for 'role:assistant' the property '${odd}' is unsupported`;
    }
    return undefined;
  },
  [DEEPSEEK]({ messages }) {
    const at = findInTurn(
      listOf(messages),
      ({ tool_calls: calls, reasoning_content: thoughts }) => calls !== undefined && thoughts === undefined,
    );
    return at < 0 ? undefined : `Missing \`reasoning_content\` field in the assistant message at message index ${at}.`;
  },
  [GEMINI]({ messages }) {
    const isUnsigned = ({ tool_calls: calls }: Body): boolean =>
      listOf(calls)
        .slice(0, 1)
        .some(({ extra_content: extra }) => !isDeepStrictEqual({ extra_content: extra }, SIGNED));
    return findInTurn(listOf(messages), isUnsigned) < 0 ? undefined : 'Function call is missing a thought_signature in functionCall parts.';
  },
  [ROUTED_GEMINI]({ messages }) {
    const isBare = (message: Body): boolean =>
      message['tool_calls'] !== undefined && !isDeepStrictEqual(message['reasoning_details'], WHOLE);
    return findInTurn(listOf(messages), isBare) < 0 ? undefined : 'Gemini models require OpenRouter reasoning details to be preserved.';
  },
  [DEVSTRAL]: ({ reasoning_effort: effort }) => (effort === undefined ? undefined : 'reasoning_effort is not enabled for this model'),
  [MISTRAL]({ messages: given, reasoning_effort: effort = 'none' }) {
    // https://github.com/architects-toolkit/SmartHopper/issues/647
    if (effort !== 'none' && effort !== 'high')
      return `reasoning_effort='${String(effort)}' is not supported for this model. Must be one of …`;
    const messages = listOf(given);
    for (const [index, { role, content, tool_calls: calls, images }] of messages.entries()) {
      if (images !== undefined) return `messages.${index}.assistant.images: Extra inputs are not permitted`;
      // https://github.com/OpenHands/OpenHands/issues/8685
      if (role === 'assistant' && (content ?? '') === '' && calls === undefined)
        return 'Assistant message must have either content or tool_calls, but not none.';
      const before = index === 0 ? 'system' : String(messages[index - 1]?.['role']);
      if (FOLLOWERS[before]?.includes(String(role)) !== true) return `Unexpected role '${String(role)}' after role '${before}'`;
    }
    const ids = messages.flatMap(({ tool_calls: calls, tool_call_id: id }) =>
      [...listOf(calls).map((call) => call['id']), id ?? []].flat(),
    );
    const odd = ids.find((id) => !/^[a-zA-Z0-9]{9}$/.test(String(id)));
    return odd === undefined ? undefined : `Tool call id was ${JSON.stringify(odd)} but must be a-z, A-Z, 0-9, with a length of 9.`;
  },
};

/** Returns what the vendor of its model would refuse a request for. */
export const problemOfModel = (body: Body): string | undefined => DEMANDS[String(body['model'])]?.(body);

/** The field in which the reasoning of a model comes. */
export const reasoningField = (model: string): string => (model === GPT_OSS ? 'reasoning' : 'reasoning_content');

/** Fields of the first call of a step, and of chunks before it, in which a model signs its reasoning. */
export const signatureOf = (model: string): Body => (model === GEMINI ? SIGNED : {});
export const detailsOf = (model: string): readonly Body[] => (model === ROUTED_GEMINI ? STREAMED : []);
