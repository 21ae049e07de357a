/** Services that tell what they have changed. */
import type { GatewayEvent, MessageService, SessionDocument, SessionService } from '../contracts.js';
import type { SessionArchive } from './session-archive.js';

type Publish = (event: GatewayEvent) => void;

export function publishedSessions(sessions: SessionService, publish: Publish): SessionService {
  return {
    async create(input, caller) {
      let isReplay = false;
      const made = await sessions.create(input, caller && { ...caller, onReplay: () => void (isReplay = true) });
      if (isReplay) caller?.onReplay?.();
      else if (made.created) publish({ type: 'session', session: made.session.key, change: 'created' });
      return made;
    },
    list: (input) => sessions.list(input),
    tags: () => sessions.tags(),
    storage: () => sessions.storage(),
    get: (key, query) => sessions.get(key, query),
    async delete(key) {
      const deleted = await sessions.delete(key);
      publish({ type: 'session', session: key, change: 'deleted' });
      return deleted;
    },
    async restore(key) {
      const session = await sessions.restore(key);
      publish({ type: 'session', session: key, change: 'created' });
      return session;
    },
  };
}

export function publishedArchive(archive: SessionArchive, publish: Publish): SessionArchive {
  async function published(change: 'created' | 'updated', action: Promise<SessionDocument>): Promise<SessionDocument> {
    const session = await action;
    publish({ type: 'session', session: session.key, change });
    return session;
  }
  return {
    ...archive,
    change: (key, change) => published('updated', archive.change(key, change)),
    fork: (key, messageId, caller) => published('created', archive.fork(key, messageId, caller)),
    import: (text, format, caller) => published('created', archive.import(text, format, caller)),
  };
}

export function publishedMessages(messages: MessageService, publish: Publish): MessageService {
  return {
    async accept(message, options) {
      const accepted = await messages.accept(message, options);
      const { channel, accountId = 'default', chatId } = message;
      if (!accepted.replayed) publish({ type: 'message', id: accepted.messageId, channel, accountId, chat_id: chatId, status: 'queued' });
      return accepted;
    },
    sync: (message, options) => messages.sync(message, options),
  };
}
