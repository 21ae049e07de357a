/** Parses and encodes frames. Incoming frames are validated; all outgoing frames are encoded here, with `v`, `id` and `type`. */
import { clientFrame, type ClientFrame, type ServerFrameBody, type ServerFrameType } from '../../../shared/api/socket.js';
import { validate } from '../../../shared/api/validate.js';
import type { FollowedEvent } from '../../../shared/api/gateway/events.js';
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

/** Encodes an event of the gateway as {@link encodeFrame} would. */
export type EventEncoder = (frameId: string, event: FollowedEvent) => string;

/** Returns an encoder that serializes the part that is the same for all connections only once. */
export function createEventEncoder(): EventEncoder {
  const texts = new WeakMap<FollowedEvent, string>();
  return (frameId, event) => {
    let text = texts.get(event);
    if (text === undefined) {
      const { id, type, data } = event;
      text = JSON.stringify({ type: 'event', event: id, name: type, data }).slice(1);
      texts.set(event, text);
    }
    return `{"v":1,"id":"${frameId}",${text}`;
  };
}

export function encodeFrame<T extends ServerFrameType>(id: string, type: T, body: ServerFrameBody<T>): string {
  return JSON.stringify({ v: 1, id, type, ...body });
}
