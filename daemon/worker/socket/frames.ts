/** Frames as text. What comes in is checked; what goes out is made here, so that all of it has `v`, `id` and `type`. */
import { clientFrame, type ClientFrame, type ServerFrameBody, type ServerFrameType } from '../../../shared/api/socket.js';
import { validate } from '../../../shared/api/validate.js';
import type { FollowedEvent } from '../contracts.js';
import { GatewayError } from '../../../shared/errors.js';

/** @throws INVALID_REQUEST; with the frame's id in `details.id` where it has one */
export type ParseFrame = (data: string) => ClientFrame;

export function createFrameParser(): ParseFrame {
  let schema: ReturnType<typeof clientFrame> | undefined;
  return (data) => {
    let value: unknown;
    try {
      value = JSON.parse(data);
    } catch {
      throw new GatewayError('INVALID_REQUEST', { message: 'The frame is not JSON.' });
    }
    return validate((schema ??= clientFrame()), value, 'frame');
  };
}

/** The id of a frame that may be wrong otherwise. */
export function idOf(data: string): string | undefined {
  return /"id"\s*:\s*"([^"\\]{1,64})"/.exec(data)?.[1];
}

/** Writes an event of the gateway as {@link encodeFrame} would. */
export type EncodeEvent = (frameId: string, event: FollowedEvent) => string;

/** @returns what makes the part of a frame that is the same for all who hear of an event only once */
export function createEventEncoder(): EncodeEvent {
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
