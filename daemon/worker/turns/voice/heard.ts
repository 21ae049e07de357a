/** The step before a turn's question is stored: its recordings are transcribed to text. */
import { GatewayError } from '../../../../shared/errors.js';
import type { TurnRequest } from '../turn-request.js';

/** Whether the reader of a turn stopped it, rather than the gateway or the end of its session. */
export const isStoppedByReader = ({ reason }: AbortSignal): boolean => reason instanceof GatewayError && reason.code === 'CONFLICT';

/**
 * Returns the request with the text of its question. If transcription fails, the reason replaces the models, so that the turn ends
 * with it. A turn that its reader stops meanwhile keeps the text that it has.
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
