/** Parses and encodes frames. Incoming frames are validated; all outgoing frames are encoded here, with `v`, `id` and `type`. */
import { clientFrame, type ClientFrame, type ServerFrameBody, type ServerFrameType } from '../../../shared/api/socket.js';
import { validate } from '../../../shared/api/validate.js';
import { GatewayError } from '../../../shared/errors.js';
import { checkJson } from '../../../shared/node/json-guard.js';

/** @throws INVALID_REQUEST */
export type ParseFrame = (data: string) => ClientFrame;

/** Returns a parser that builds its schema at the first frame. */
export function createFrameParser(): ParseFrame {
  let schema: ReturnType<typeof clientFrame> | undefined;
  return (data) => {
    let value: unknown;
    try {
      value = JSON.parse(data);
    } catch {
      throw new GatewayError('INVALID_REQUEST', { message: 'The frame is not JSON.' });
    }
    checkJson(value, { name: 'frame', source: Buffer.from(data) });
    return validate((schema ??= clientFrame()), value, 'frame');
  };
}

/** Returns the id of a frame that may otherwise be invalid. */
export function idOf(data: string): string | undefined {
  return /"id"\s*:\s*"([^"\\]{1,64})"/.exec(data)?.[1];
}

export function encodeFrame<T extends ServerFrameType>(id: string, type: T, body: ServerFrameBody<T>): string {
  return JSON.stringify({ v: 1, id, type, ...body });
}
