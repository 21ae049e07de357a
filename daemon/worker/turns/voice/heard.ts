/** The step of a turn before its question is stored: what is said in its recordings becomes its text. */
import { GatewayError } from '../../../../shared/errors.js';
import type { TurnRequest } from '../turn-request.js';

/** Whether the reader of a turn stopped it, rather than the gateway or the end of its session. */
export const isStoppedByReader = ({ reason }: AbortSignal): boolean => reason instanceof GatewayError && reason.code === 'CONFLICT';

/**
 * Returns the request with the text of its question. Where that cannot be had, the reason takes the place of the models, so that it is the turn's end.
 * A turn that its reader stops meanwhile keeps the text that it has.
 * @throws the signal's reason
 */
export async function heard(request: TurnRequest, signal: AbortSignal): Promise<TurnRequest> {
  if (request.hear === undefined) return request;
  try {
    return { ...request, text: await request.hear(signal) };
  } catch (problem) {
    if (isStoppedByReader(signal)) return request;
    signal.throwIfAborted();
    if (!(problem instanceof GatewayError && problem.spec.expose)) throw problem;
    return { ...request, candidates: [{ ref: request.candidates[0].ref, problem }] };
  }
}
