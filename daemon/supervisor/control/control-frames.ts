/** Parses and validates control requests. */
import { MAX_DRAIN_TIMEOUT_MS } from '../../../shared/config/defaults.js';
import type { ControlRequest } from '../../../shared/control/messages.js';
import { GatewayError } from '../../../shared/errors.js';
import { isRestoreId } from '../../../shared/node/files/restore-journal.js';

/** An invalid request, with its id if it has one. */
interface RefusedFrame {
  readonly id: string;
  readonly refusal: GatewayError;
}

const REQUEST_TYPES: ReadonlySet<unknown> = new Set<ControlRequest['type']>(['status', 'stop', 'restart', 'token', 'restore']);
const MAX_ID_LENGTH = 128;

function refuse(id: string, message: string): RefusedFrame {
  const hint = 'Use a client of this version, or restart the gateway.';
  return { id, refusal: new GatewayError('CONTROL_PROTOCOL', { message, hint }) };
}

const isIntegerTo = (max: number, value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= max;

/** Checks the types of known fields; unknown ones are ignored. */
function badField(fields: Record<string, unknown>): string | undefined {
  const { timeoutMs, force, exclusive, expects, succession } = fields;
  if (timeoutMs !== undefined && !isIntegerTo(MAX_DRAIN_TIMEOUT_MS, timeoutMs))
    return `timeoutMs must be a whole number from 0 to ${MAX_DRAIN_TIMEOUT_MS}`;
  if (force !== undefined && typeof force !== 'boolean') return 'force must be true or false';
  if (exclusive !== undefined && typeof exclusive !== 'boolean') return 'exclusive must be true or false';
  if (expects !== undefined && typeof expects !== 'string') return 'expects must be an instance id';
  if (succession === undefined) return undefined;
  if (typeof succession !== 'object' || succession === null) return 'succession must be an object';
  const { port, host } = succession as Record<string, unknown>;
  if (port !== undefined && !(isIntegerTo(65_535, port) && port !== 0)) return 'succession.port must be a whole number from 1 to 65535';
  if (host !== undefined && !(typeof host === 'string' && host !== '')) return 'succession.host must be a non-empty string';
  return undefined;
}

export function parseControlRequest(line: string): ControlRequest | RefusedFrame {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return refuse('', 'the control request is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse('', 'the control request is not an object');
  const fields = value as Record<string, unknown>;
  const { id, type } = fields;
  if (typeof id !== 'string' || id.length > MAX_ID_LENGTH) return refuse('', 'the control request has no id');
  if (!REQUEST_TYPES.has(type)) return refuse(id, `unknown control request ${(JSON.stringify(type) ?? 'without a type').slice(0, 42)}`);
  const problem = type === 'restore' && !isRestoreId(fields['restoreId']) ? 'restoreId must be a restore id' : badField(fields);
  return problem === undefined ? (value as ControlRequest) : refuse(id, problem);
}
