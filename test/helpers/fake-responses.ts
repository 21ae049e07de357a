/** The service of responses over a store that keeps nothing. */
import type { CompletionService } from '../../daemon/worker/models/completions.js';
import { Responses, type ResponseService } from '../../daemon/worker/responses/responses.js';
import { systemClock } from '../../shared/clock.js';

export function fakeResponseService(completions: CompletionService): ResponseService {
  const nothing = () => Promise.resolve(undefined as never);
  const background = { look: nothing, cancel: () => Promise.resolve(false), drop: () => undefined, follow: async function* follow() {} };
  return new Responses({ store: { read: nothing, write: nothing }, clock: systemClock, instanceId: 'wk_test', completions, background });
}
