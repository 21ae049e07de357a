/** Refuses answers that the caller's API has no place for: a picture without a word would look like an empty answer. */
import { refuse } from './refusals.js';
import type { CompletionOutput } from './completion-call.js';

/** Whether a caller gets something of an output. */
const says = (output: CompletionOutput): boolean =>
  output.type === 'toolStart' || ((output.type === 'text' || output.type === 'refusal') && output.text.trim() !== '');

/** Omits pictures and sources. @throws INVALID_REQUEST for an answer that consists of pictures; an `error` after other output */
export async function* withoutPictures(outputs: AsyncIterable<CompletionOutput>): AsyncGenerator<CompletionOutput, void, undefined> {
  let [hasPicture, hasWords, hasBegun] = [false, false, false];
  for await (const output of outputs) {
    hasPicture ||= output.type === 'image';
    hasWords ||= says(output);
    if (output.type === 'image' || output.type === 'annotations') continue;
    if (output.type !== 'finish' || !hasPicture || hasWords) {
      hasBegun = true;
      yield output;
      continue;
    }
    const error = refuse('model', 'the model answered with a picture, which this API does not pass on', 'Use POST /v1/chat/completions.');
    if (!hasBegun) throw error;
    return yield { type: 'error', error };
  }
}
