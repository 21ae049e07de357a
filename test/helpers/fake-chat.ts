/** The chat service in memory: it says what it is asked, and watches nothing. */
import type { ChatService } from '../../daemon/worker/chat/chat.js';
import type { Services } from '../../daemon/worker/http/services.js';
import type { SessionDocument } from '../../shared/api/sessions.js';
import { GatewayError } from '../../shared/errors.js';

export function fakeChatService(calls: { name: string; input: unknown }[]): ChatService {
  return {
    async *watch(session, position, signal) {
      calls.push({ name: 'chat.watch', input: { session, position } });
      if (session === 'missing') throw new GatewayError('SESSION_NOT_FOUND', { message: `no session '${session}'` });
      yield { type: 'current', hasOlder: false };
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    },
    send(input, tokenId) {
      calls.push({ name: 'chat.send', input: { ...input, ...(tokenId && { tokenId }) } });
      return Promise.resolve({ messageId: `msg_${input.key}`, isRepeated: false });
    },
    regenerate(input) {
      calls.push({ name: 'chat.regenerate', input });
      return Promise.resolve({ messageId: input.messageId, isRepeated: false });
    },
    choose(key, messageId) {
      calls.push({ name: 'chat.choose', input: { key, messageId } });
      return Promise.resolve({ ...SESSION, key });
    },
    async stop(session, key) {
      calls.push({ name: 'chat.stop', input: key === undefined ? session : { session, key } });
      return true;
    },
    isAnswering: () => false,
  };
}

const at = '2026-02-03T04:05:06.000Z';
const SESSION: SessionDocument = {
  key: 'main:webchat:default:direct:copy',
  agentId: 'main',
  channel: 'webchat',
  title: 'Copy',
  createdAt: at,
  updatedAt: at,
  messageCount: 0,
  model: null,
  pinned: false,
  archived: false,
  unread: false,
  tags: [],
};

/** A file that is there, and any that is sent. */
export function fakeAttachments(calls: { name: string; input: unknown }[]): Services['attachments'] {
  const note = { id: 'file_1', name: 'a.txt', mediaType: 'text/plain', size: 5 };
  const known = (id: string): void => {
    if (id !== note.id) throw new GatewayError('NOT_FOUND', { message: `no file '${id}'` });
  };
  return {
    async upload(session, file) {
      calls.push({ name: 'attachments.upload', input: { session, file } });
      return { ...note, name: file.name };
    },
    async read(id) {
      known(id);
      return { ...note, content: Buffer.from('hello') };
    },
    async remove(id) {
      known(id);
    },
  };
}

/** One session, whatever is asked. */
async function* texts(text: string): AsyncGenerator<string> {
  yield await Promise.resolve(text);
}

const HEADER = '{"format":"xopc-session","version":1,"title":"Copy"';
const EXPORTS = { json: `${HEADER},"messages":[]}`, jsonl: `${HEADER}}\n`, markdown: '# Copy\n' };

export function fakeArchive(calls: { name: string; input: unknown }[]): Services['archive'] {
  const note = <Result>(name: string, input: unknown, result: Result): Promise<Result> => {
    calls.push({ name, input });
    return Promise.resolve(result);
  };
  return {
    change: (key, change) => note('archive.change', { key, change }, { ...SESSION, key }),
    messages: (key, page) => note('archive.messages', { key, page }, { messages: [], hasOlder: false }),
    fork: (key, messageId) => note('archive.fork', { key, messageId }, SESSION),
    export: (key, format) => note('archive.export', { key, format }, { title: 'Copy', text: texts(EXPORTS[format]) }),
    async import(text, format) {
      let length = 0;
      for await (const piece of text) length += piece.length;
      return note('archive.import', { length, format }, SESSION);
    },
  };
}
