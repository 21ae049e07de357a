/** The possible errors of a model's answer, for the OpenAPI document. */
import type { ErrorCode } from '../../../shared/errors.js';

export const TURN_ERRORS: readonly ErrorCode[] = ['SESSION_NOT_FOUND', 'MODEL_NOT_FOUND', 'CONFLICT', 'AGENT_ERROR', 'STOPPING'];
