/** The supervisor's status document, as the API shows it. */
import type { StatusDocument } from '../../../shared/control/messages.js';
import type { StatusService } from '../contracts.js';

/** @param ask  one round trip to the supervisor; throws UNAVAILABLE when it does not answer */
export function createStatusService(ask: () => Promise<StatusDocument>): StatusService {
  return { read: ask };
}
