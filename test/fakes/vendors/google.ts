/** Google's Generative Language API: https://ai.google.dev/api/generate-content. */
import { type Body, listOf, sse, type VendorProtocol } from './vendor-protocol.js';
import { type ErrorKind, FAKE_USAGE, RETRY_AFTER_SECONDS } from './vendor-reply.js';

const ERRORS: Readonly<Record<ErrorKind, [number, string, Body[]]>> = {
  auth: [
    400,
    'INVALID_ARGUMENT',
    [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID', domain: 'googleapis.com' }],
  ],
  notFound: [404, 'NOT_FOUND', []],
  rateLimited: [
    429,
    'RESOURCE_EXHAUSTED',
    [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${RETRY_AFTER_SECONDS}s` }],
  ],
  overloaded: [503, 'UNAVAILABLE', []],
  tooLong: [400, 'INVALID_ARGUMENT', []],
  invalid: [400, 'INVALID_ARGUMENT', []],
};
const FINISH_REASONS = { stop: 'STOP', length: 'MAX_TOKENS', filter: 'SAFETY' };
const MESSAGES: Partial<Record<ErrorKind, string>> = {
  auth: 'API key not valid. Please pass a valid API key.',
  tooLong: 'The input token count (9) exceeds the maximum number of tokens allowed (8).',
};

const SIGNATURE = 'c2lnbmVk';

/** Signatures are demanded for the calls since the user's last words: https://ai.google.dev/gemini-api/docs/thought-signatures. */
function callsOfTurn(body: Body): Body[] {
  const contents = listOf(body['contents']);
  const question = contents.findLastIndex(({ role, parts }) => role === 'user' && listOf(parts).some((part) => part['text'] !== undefined));
  return contents.slice(question + 1).flatMap(({ parts }) => listOf(parts).filter((part) => part['functionCall'] !== undefined));
}

export const google: VendorProtocol = {
  basePath: '/v1beta',
  keyOf: (headers) => headers['x-goog-api-key'] as string | undefined,
  modelOf: (path) => /^\/models\/([^:]+):streamGenerateContent\?alt=sse$/.exec(path)?.[1],
  problemOf(_headers, body) {
    const contents = listOf(body['contents']).map((content) => listOf(content['parts']));
    if (contents.length === 0) return 'contents is not specified';
    const instruction = (body['systemInstruction'] as Body | undefined) ?? { parts: [{ text: 'none' }] };
    if ([...contents, listOf(instruction['parts'])].some((parts) => parts.length === 0 || parts.some(({ text }) => text === '')))
      return 'contents.parts must not be empty';
    const count = (of: Body[] | undefined, kind: string): number => of?.filter((part) => part[kind] !== undefined).length ?? 0;
    if (contents.some((content, at) => count(content, 'functionCall') !== count(contents[at + 1], 'functionResponse')))
      return 'the number of function response parts must be equal to the number of function call parts';
    return callsOfTurn(body).some((part) => part['thoughtSignature'] !== SIGNATURE)
      ? 'Function call is missing a thought_signature'
      : undefined;
  },
  error(kind, message) {
    const [code, status, details] = ERRORS[kind];
    return { status: code, body: { error: { code, message: MESSAGES[kind] ?? message, status, details } } };
  },
  models: (ids) => ({
    models: [
      ...ids.map((id) => ({ name: `models/${id}`, displayName: id, supportedGenerationMethods: ['generateContent', 'countTokens'] })),
      { name: 'models/embedder', displayName: 'embedder', supportedGenerationMethods: ['embedContent'] },
    ],
  }),
  writer(model) {
    const chunk = (parts: readonly Body[], rest: Body = {}): string =>
      sse({ candidates: [{ content: { parts, role: 'model' }, index: 0, ...rest }], modelVersion: model, responseId: 'r1' });
    return {
      open: () => '',
      think: (thoughts) =>
        chunk(thoughts.flatMap((one) => ('text' in one ? [{ text: one.text, thought: true, thoughtSignature: one.signature }] : []))),
      part: (text) => chunk([{ text }]),
      calls: (calls) => chunk(calls.map(({ name, input }) => ({ functionCall: { name, args: input }, thoughtSignature: SIGNATURE }))),
      finish(reason) {
        const { input, cacheRead, output } = FAKE_USAGE;
        const usageMetadata = {
          promptTokenCount: input,
          cachedContentTokenCount: cacheRead,
          candidatesTokenCount: output,
          totalTokenCount: input + output,
        };
        const candidate = { content: { parts: [{ text: '' }], role: 'model' }, finishReason: FINISH_REASONS[reason], index: 0 };
        return sse({ candidates: [candidate], usageMetadata, modelVersion: model, responseId: 'r1' });
      },
      error: (message) => sse({ error: { code: 503, message, status: 'UNAVAILABLE' } }),
      garbage: () => 'data: {"candidates": not JSON\n\n',
    };
  },
};
