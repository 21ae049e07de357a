/** The services for messages on their way out, in memory. Every call is written down. */
import type { ChannelService } from '../../daemon/worker/delivery/accounts/channel-accounts.js';
import type { OutgoingService } from '../../daemon/worker/delivery/outgoing.js';
import type { WebhookService } from '../../daemon/worker/delivery/webhooks.js';
import type { PairingDocument } from '../../shared/api/channels.js';
import type { OutgoingDocument } from '../../shared/api/messages.js';
import { GatewayError } from '../../shared/errors.js';

const TIME = '2026-02-03T04:05:06.000Z';

export const fakeOutgoing: OutgoingDocument = {
  id: 'msg_1',
  channel: 'webhook',
  accountId: 'default',
  chat_id: 'chat',
  content: 'hello',
  status: 'dead',
  attempts: 1,
  parts: 1,
  deliveredParts: 0,
  error: 'no such chat',
  createdAt: TIME,
  updatedAt: TIME,
  expiresAt: TIME,
  nextAttemptAt: null,
};

export function fakeOutgoingService(calls: { name: string; input: unknown }[]): OutgoingService {
  const answer = <Result>(name: string, input: unknown, result: Result): Promise<Result> => {
    calls.push({ name, input });
    if (input === 'msg_none') return Promise.reject(new GatewayError('NOT_FOUND', { message: "there is no message 'msg_none'" }));
    if (input === 'msg_busy') return Promise.reject(new GatewayError('CONFLICT', { message: 'it is being sent' }));
    return Promise.resolve(result);
  };
  return {
    list: (input) => answer('outgoing.list', input, { messages: [fakeOutgoing], nextCursor: 'next' }),
    get: (id) => answer('outgoing.get', id, fakeOutgoing),
    retry: (id) => answer('outgoing.retry', id, { ...fakeOutgoing, status: 'queued' }),
    drop: (id) => answer('outgoing.drop', id, undefined),
  };
}

/** Lets in who says `let me in`. */
export function fakeWebhookService(calls: { name: string; input: unknown }[]): WebhookService {
  let proven = '';
  return {
    authorize({ headers: { authorization } }, rawBody) {
      if (authorization !== 'let me in') return { type: authorization === undefined ? 'none' : 'wrong' };
      proven = rawBody.toString();
      return { type: 'valid', signedId: undefined };
    },
    receive({ accountId }, body) {
      const message = body as { id?: string };
      calls.push({ name: 'webhooks.receive', input: { accountId, rawBody: proven, ...message } });
      return Promise.resolve({ messageId: 'msg_1', replayed: message.id === 'again' });
    },
    preview(input) {
      calls.push({ name: 'webhooks.preview', input });
      return { outcome: 'message', chat_id: 'chat', id: null, content: 'text', challenge: null };
    },
  };
}

export const fakePairing: PairingDocument = {
  channel: 'telegram',
  accountId: 'default',
  senderId: '42',
  senderName: 'Ann',
  state: 'pending',
  code: 'ABCD2345',
  createdAt: TIME,
  expiresAt: TIME,
};

export function fakeChannelService(calls: { name: string; input: unknown }[]): ChannelService {
  const channel = {
    channel: 'telegram',
    accountId: 'default',
    state: 'backoff',
    message: 'cannot be reached',
    since: '2026-01-01T00:00:00.000Z',
    lastError: { message: 'cannot be reached', at: '2026-01-01T00:00:00.000Z' },
    health: { state: 'down', reason: 'The account is not working and tries again: cannot be reached.' },
    messages: { waiting: 1, retrying: 1, dead: 0, unknown: 0, oldestWaitingAt: '2026-01-01T00:00:00.000Z', lastDeliveredAt: null },
  } as const;
  return {
    listAccounts: () => Promise.resolve([channel]),
    list() {
      calls.push({ name: 'channels.list', input: undefined });
      return Promise.resolve({ channels: [channel], pairings: [fakePairing] });
    },
    approve(name, code) {
      calls.push({ name: 'channels.approve', input: { name, code } });
      if (code === 'WRONG') return Promise.reject(new GatewayError('NOT_FOUND', { message: 'nobody waits' }));
      return Promise.resolve({ ...fakePairing, state: 'approved', code: null, expiresAt: null });
    },
    revoke(name, input) {
      calls.push({ name: 'channels.revoke', input: { name, ...input } });
      return Promise.resolve({});
    },
    openFile(file) {
      calls.push({ name: 'channels.openFile', input: { ...file } });
      if (file.fileId === 'gone_gone') return Promise.reject(new GatewayError('NOT_FOUND', { message: 'the file is gone' }));
      const content = Buffer.from('content');
      const isCut = file.fileId === 'half_half';
      async function* bytes(): AsyncGenerator<Buffer> {
        yield content;
        if (isCut) throw new Error('cut');
      }
      return Promise.resolve({ type: 'opened', sizeBytes: isCut ? content.length * 2 : content.length, bytes: bytes() });
    },
  };
}
