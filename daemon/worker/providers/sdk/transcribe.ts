/** Transcribes a recording with a provider of OpenAI's API. Part of the vendor bundle. */
import { type Fields, fieldsOf } from '../../../../shared/fields.js';
import { addressOf, failureOf, refusalOf } from '../forward-call.js';
import type { ConnectionSettings, TranscriptionEvent, TranscriptionRequest } from '../provider.js';
import { readStart } from '../read-start.js';
import { PATIENCE } from './patient-dispatcher.js';
import { tokenCount } from './sdk-call.js';
import { EndlessAnswerError } from './sdk-failure.js';

/** Many hours of speech. */
const MAX_ANSWER_BYTES = 1_048_576;

const secondsOf = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null);

function invalid(detail: string): TranscriptionEvent {
  return { type: 'failed', failure: { kind: 'protocol', status: 200, detail, retryAfterMs: null } };
}

/** Source: https://platform.openai.com/docs/api-reference/audio/json-object. Usage is in tokens or in seconds; many servers have none. */
function toEvent(answer: string): TranscriptionEvent {
  let document: Fields;
  try {
    document = fieldsOf(JSON.parse(answer));
  } catch {
    return invalid('the answer is not JSON');
  }
  const { text } = document;
  const usage = fieldsOf(document['usage']);
  if (typeof text !== 'string') return invalid('the answer has no text');
  return {
    type: 'finish',
    text,
    usage: { inputTokens: tokenCount(usage['input_tokens']), outputTokens: tokenCount(usage['output_tokens']) },
    seconds: secondsOf(usage['seconds']) ?? secondsOf(document['duration']),
  };
}

function formOf({ modelId, name, mediaType, bytes, fields }: TranscriptionRequest): FormData {
  const form = new FormData();
  for (const [field, value] of Object.entries({ ...fields, model: modelId, response_format: 'json' })) form.set(field, value);
  form.set('file', new Blob([new Uint8Array(bytes)], { type: mediaType }), name);
  return form;
}

/** Never throws. Redirects are not followed, so that the key and the recording go only to the provider. */
export async function* transcribe(
  settings: ConnectionSettings,
  request: TranscriptionRequest,
  signal: AbortSignal,
): AsyncGenerator<TranscriptionEvent> {
  const { url, headers } = addressOf(settings, 'audio/transcriptions');
  let hasBegun = false;
  try {
    const response = await fetch(url, { method: 'POST', headers, body: formOf(request), signal, ...PATIENCE, redirect: 'manual' });
    const refusal = await refusalOf(response, { url, signal });
    if (refusal !== undefined) throw refusal;
    hasBegun = true;
    const { text, isWhole } = await readStart(response, MAX_ANSWER_BYTES, signal);
    if (!isWhole) throw new EndlessAnswerError('the answer');
    yield toEvent(text);
  } catch (error) {
    yield signal.aborted ? { type: 'aborted' } : { type: 'failed', failure: failureOf(error, url, hasBegun) };
  }
}
