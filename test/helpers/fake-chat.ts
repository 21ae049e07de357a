/** The chat service in memory: it says what it is asked, and watches nothing. */
import type { ChatService } from '../../daemon/worker/services/contracts.js';
import { GatewayError } from '../../shared/errors.js';

export function fakeChatService(calls: { name: string; input: unknown }[]): ChatService {
  return {
    async *watch(session, position, signal) {
      calls.push({ name: 'chat.watch', input: { session, position } });
      if (session === 'missing') throw new GatewayError('SESSION_NOT_FOUND', { message: `no session '${session}'` });
      yield { type: 'current', hasOlder: false };
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    },
    send(input) {
      calls.push({ name: 'chat.send', input });
      return Promise.resolve({ messageId: `msg_${input.key}`, isRepeated: false });
    },
    stop(session) {
      calls.push({ name: 'chat.stop', input: session });
      return true;
    },
    isAnswering: () => false,
  };
}
