/** A call of an API that the gateway passes on as it is: what it answers is the provider's own. */
import type { ProviderFailure } from './provider.js';

export interface ForwardRequest {
  /** Behind the provider's base URL. */
  readonly path: 'embeddings' | 'responses';
  /** The caller's document, with the model's name at the provider. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** `head` first, any number of `bytes`, then `end`; or one of the others, also in the middle. */
export type ForwardEvent =
  | { readonly type: 'head'; readonly contentType: string }
  | { readonly type: 'bytes'; readonly bytes: Uint8Array }
  | { readonly type: 'end' }
  | { readonly type: 'failed'; readonly failure: ProviderFailure }
  | { readonly type: 'aborted' };
