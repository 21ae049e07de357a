/** The service for whole sessions: changes, pages, copies, exports and imports them. */
import type { MessagePage, SessionChangeRequest } from '../../../shared/api/session-archive.js';
import type { SessionDocument } from '../../../shared/api/sessions.js';
import { GatewayError } from '../../../shared/errors.js';
import { definedFields } from '../../../shared/fields.js';
import { MAX_TAGS, normaliseTag } from '../../../shared/sessions/filters.js';
import type { Attachments } from '../files/attachments.js';
import { readNewestMessages } from '../store/conversations/messages.js';
import { changeSession, getSession, toSessionDocument } from '../store/conversations/sessions.js';
import { toMessageDocuments } from '../store/conversations/transcript.js';
import { type CallerKey, findAnswer, keyUse } from '../store/idempotency.js';
import { findSummary } from '../store/summaries/summaries.js';
import { makeSession } from './make-session.js';
import { createSessionFiles, type SessionFileOptions } from './session-files.js';
import { fillFork } from './session-fork.js';

export interface SessionArchiveOptions extends SessionFileOptions {
  readonly attachments: Pick<Attachments, 'copy' | 'check' | 'keep' | 'read'>;
  /** @throws MODEL_NOT_FOUND for a model that cannot be used */
  checkModel(ref: string): void;
}

const DEFAULT_PAGE = 100;
/** @throws INVALID_REQUEST for a tag that no search could name */
function normaliseTags(tags: readonly string[]): string[] {
  const normal = tags.map((tag) => normaliseTag(tag.toWellFormed()));
  const wrong = normal.find((tag) => tag === '' || tag.includes('"'));
  if (wrong !== undefined)
    throw new GatewayError('INVALID_REQUEST', { message: `invalid tag '${wrong}': it is empty or contains a quote` });
  return [...new Set(normal)];
}

/** Returns the tags after a change of a session that has those of `before`. @throws INVALID_REQUEST for too many */
function changeTags(before: readonly string[], { tags, addTags = [], removeTags = [] }: SessionChangeRequest): string[] {
  const removed = normaliseTags(removeTags);
  const changed = normaliseTags([...(tags ?? before), ...addTags]).filter((tag) => !removed.includes(tag));
  if (changed.length <= MAX_TAGS) return changed;
  throw new GatewayError('INVALID_REQUEST', { message: `a session has at most ${MAX_TAGS} tags, and it would have ${changed.length}` });
}

export type SessionArchive = ReturnType<typeof createSessionArchive>;

export function createSessionArchive(options: SessionArchiveOptions) {
  const { store, clock, publish } = options;
  const files = createSessionFiles(options);
  return {
    /** Changes the user's settings of a session; omitted fields are unchanged. @throws SESSION_NOT_FOUND, MODEL_NOT_FOUND */
    async change(key: string, request: SessionChangeRequest): Promise<SessionDocument> {
      const { tags, addTags, removeTags, ...change } = request;
      if (typeof change.model === 'string') options.checkModel(change.model);
      const title = change.title === undefined ? {} : { title: change.title.toWellFormed() };
      const isTagged = (tags ?? addTags ?? removeTags) !== undefined;
      const changed = await store.write(async (tx) => {
        const { id, tags: before } = await getSession(tx, key);
        await changeSession(tx, id, { ...definedFields(change), ...title, ...(isTagged ? { tags: changeTags(before, request) } : {}) });
        return toSessionDocument(await getSession(tx, key));
      });
      publish({ type: 'session', session: key, change: 'updated' });
      return changed;
    },

    /** Returns the newest `limit` (default 100) messages before that `seq`, oldest first. @throws SESSION_NOT_FOUND */
    async messages(key: string, { before, limit = DEFAULT_PAGE }: { before?: number; limit?: number }): Promise<MessagePage> {
      return store.read(async (tx) => {
        const { id, contextAfterSeq } = await getSession(tx, key);
        const range = { sessionId: id, limit: limit + 1, ...(before === undefined ? {} : { beforeSeq: before }) };
        const newest = await readNewestMessages(tx, range);
        const page = newest.slice(0, limit).toReversed();
        const summary = before === undefined ? await findSummary(tx, { sessionId: id, afterSeq: contextAfterSeq }) : undefined;
        return {
          messages: await toMessageDocuments(tx, page, before === undefined),
          hasOlder: newest.length > limit,
          ...(summary === undefined ? {} : { summary: { id: summary.id, seq: summary.coversSeq } }),
        };
      });
    },

    /**
     * Creates a page session with the messages up to that one. @throws SESSION_NOT_FOUND; CONFLICT for a message of another
     * session, and when another branch is selected in the meantime
     */
    async fork(key: string, messageId: string | undefined, caller?: CallerKey): Promise<SessionDocument> {
      const use = keyUse('sessions/fork', caller, [key, messageId]);
      const made = await store.read(async (tx) => {
        const known = use && (await findAnswer(tx, { ...use, nowMs: clock.now() }));
        return known === undefined ? undefined : toSessionDocument(await getSession(tx, known));
      });
      if (made === undefined) return makeSession(options, caller, (step) => fillFork(step, options, { key, messageId, use }));
      caller?.onReplay?.();
      return made;
    },

    ...files,
  };
}
