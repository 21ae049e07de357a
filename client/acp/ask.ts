/** Sends a prompt and follows its answer across lost connections: the gateway has stored the prompt and answers it in any case. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { SessionUpdate } from '@agentclientprotocol/sdk';
import { GatewayError } from '../../shared/errors.js';
import { definedFields } from '../../shared/fields.js';
import type { ApiTarget } from '../api/api-client.js';
import { ConnectionLost, followPrompt, type Question, type SocketModule, socketUrl, stopAnswer } from './chat-connection.js';
import { Prompt, type PromptEnd, type PromptOptions } from './prompt.js';

export interface AskOptions extends Omit<Question, 'key'> {
  /** Finds the gateway. @throws NOT_RUNNING, STILL_STARTING or CONTROL_UNREACHABLE when no gateway can be reached */
  readonly locate: () => Promise<ApiTarget>;
  readonly sockets: SocketModule;
  readonly onUpdate: (update: SessionUpdate) => void;
  /** Returns the tool call id that the editor was shown when it was asked about a call that now runs. */
  readonly askedCall?: PromptOptions['askedCall'];
}

const PAUSE_MS = 100;
/** A gateway that is being upgraded or restarted by its service is back long before this limit. */
const PATIENCE_MS = 60_000;

/** Whether another attempt may succeed, once the gateway has answered. */
const isPassing = (error: unknown): boolean =>
  error instanceof ConnectionLost ||
  (error instanceof GatewayError && ['NOT_RUNNING', 'STILL_STARTING', 'CONTROL_UNREACHABLE'].includes(error.code));

const causeOf = (error: unknown): unknown =>
  error instanceof ConnectionLost ? (error.cause ?? new GatewayError('UNAVAILABLE', { message: error.message })) : error;

/**
 * Asks until the prompt has ended. One that is cancelled has ended when the gateway says so: otherwise the answer would go on.
 * @throws the gateway's refusal; the last failure when the gateway cannot be reached
 */
export async function ask({ locate, sockets, onUpdate, askedCall, ...asked }: AskOptions): Promise<PromptEnd> {
  const question = { ...asked, key: randomUUID() };
  const prompt = new Prompt({ onUpdate, ...definedFields({ askedCall }) });
  let isReached = false;
  for (let giveUpAtMs = Date.now() + PATIENCE_MS; ;) {
    try {
      const target = await locate();
      isReached = true;
      const beganAtMs = Date.now();
      try {
        return await followPrompt(new sockets.WebSocket(socketUrl(target)), { token: target.token, prompt, question });
      } finally {
        // A connection that lasted proves that the gateway works.
        if (Date.now() - beganAtMs > PAUSE_MS) giveUpAtMs = Date.now() + PATIENCE_MS;
      }
    } catch (error) {
      if (asked.gone.aborted) throw error;
      // It was taken back through a connection that was lost before the gateway said so.
      if (asked.cancelled.aborted && error instanceof GatewayError && error.code === 'CONFLICT') return { state: 'aborted' };
      if (!isReached || !isPassing(error)) throw causeOf(error);
      if (Date.now() > giveUpAtMs) throw causeOf(error);
      await pause(PAUSE_MS);
    }
  }
}

/** Stops the answer of a session that has no prompt of this editor. @throws what the gateway refuses */
export async function stop({ locate, sockets, session }: Pick<AskOptions, 'locate' | 'sockets' | 'session'>): Promise<void> {
  const target = await locate();
  await stopAnswer(new sockets.WebSocket(socketUrl(target)), { token: target.token, session });
}
