/** The services of responses and their conversations over a store that keeps nothing. */
import type { CompletionService } from '../../daemon/worker/models/completions.js';
import { Conversations, type ConversationService } from '../../daemon/worker/responses/conversations.js';
import { Responses, type ResponseService } from '../../daemon/worker/responses/responses.js';
import { GatewayError } from '../../shared/errors.js';
import { systemClock } from '../../shared/clock.js';

const nothing = () => Promise.resolve(undefined as never);

export function fakeConversationService(): ConversationService {
  const none = () => Promise.reject(new GatewayError('NOT_FOUND', { message: 'there is no conversation' }));
  return new Conversations({ store: { read: none, write: none }, clock: systemClock });
}

export function fakeResponseService(completions: CompletionService): ResponseService {
  const background = {
    look: nothing,
    cancel: () => Promise.resolve(false),
    drop: () => undefined,
    follow: async function* follow() {},
    closing: new AbortController().signal,
  };
  return new Responses({ store: { read: nothing, write: nothing }, clock: systemClock, instanceId: 'wk_test', completions, background });
}
