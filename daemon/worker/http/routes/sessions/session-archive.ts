import { Readable } from 'node:stream';
import {
  commandsResponse,
  messagePageQuery,
  messagePageResponse,
  sessionChangeRequest,
  sessionChangeResponse,
  sessionExportQuery,
  sessionFile,
  sessionForkRequest,
  sessionForkResponse,
} from '../../../../../shared/api/session-archive.js';
import { definedFields } from '../../../../../shared/fields.js';
import { cutText } from '../../../../../shared/text/one-line.js';
import { callerKey, IDEMPOTENCY_HEADER } from '../../idempotency.js';
import { type Route, route } from '../../route.js';
import type { RouteDeps, Services } from '../../services.js';
import { OF_SESSION } from './of-session.js';

const JSON_LINES = 'application/x-ndjson';

/** File extension and media type, by format. */
const FILES = {
  json: ['json', 'application/json; charset=utf-8'],
  jsonl: ['jsonl', `${JSON_LINES}; charset=utf-8`],
  markdown: ['md', 'text/markdown; charset=utf-8'],
} as const;

/** Returns a name that every file system accepts. */
function fileName(title: string, extension: string): string {
  const words = title.replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-+|-+$/g, '');
  const plain = cutText(words, 60, '');
  return `filename="session.${extension}"; filename*=UTF-8''${encodeURIComponent(`${plain === '' ? 'session' : plain}.${extension}`)}`;
}

function wholeSessionRoutes({ archive, sessions }: Services): Route[] {
  return [
    route({
      ...OF_SESSION,
      method: 'POST',
      path: '/api/sessions/:key/fork',
      summary: 'Copy a session, up to a message, into a new page session',
      headers: IDEMPOTENCY_HEADER,
      answer: sessionForkResponse,
      body: sessionForkRequest,
      isBodyOptional: true,
      handle: async (ctx, { params: { key }, body }) => ({
        status: 'ok',
        session: await archive.fork(sessions.keyOf(key), body.messageId, callerKey(ctx)),
      }),
    }),
    route({
      ...OF_SESSION,
      method: 'GET',
      path: '/api/sessions/:key/export',
      summary: 'Export a session as JSON or JSON Lines, which can be imported, or as Markdown',
      query: sessionExportQuery,
      answer: sessionFile,
      media: {
        [JSON_LINES]: 'With `format=jsonl`: the header, then one message per line',
        'text/markdown': 'With `format=markdown`: the session as readable text',
      },
      async handle(ctx, { params: { key }, query }) {
        const [extension, type] = FILES[query.format];
        const { title, text } = await archive.export(sessions.keyOf(key), query.format);
        ctx.set('Content-Disposition', `attachment; ${fileName(title, extension)}`);
        ctx.set('Content-Type', type);
        return Readable.from(text, { objectMode: false });
      },
    }),
    route({
      method: 'POST',
      path: '/api/sessions/import',
      scope: 'admin',
      summary: 'Import an exported file as a new page session',
      headers: IDEMPOTENCY_HEADER,
      answer: sessionForkResponse,
      body: sessionFile,
      upload: { [JSON_LINES]: 'In the format of the export with `format=jsonl`' },
      async handle(ctx, { upload }) {
        const format = upload.type === JSON_LINES ? 'jsonl' : 'json';
        return { status: 'ok', session: await archive.import(upload.text, format, callerKey(ctx)) };
      },
    }),
  ];
}

export function sessionArchiveRoutes({ services }: RouteDeps): Route[] {
  const { archive, sessions, commands } = services;
  return [
    route({
      ...OF_SESSION,
      method: 'PATCH',
      path: '/api/sessions/:key',
      summary: 'Rename, pin, archive or tag a session, set its model, mark it as read',
      errors: ['SESSION_NOT_FOUND', 'MODEL_NOT_FOUND'],
      answer: sessionChangeResponse,
      body: sessionChangeRequest,
      handle: async (_ctx, { params: { key }, body }) => ({ status: 'ok', session: await archive.change(sessions.keyOf(key), body) }),
    }),
    route({
      ...OF_SESSION,
      method: 'GET',
      path: '/api/sessions/:key/messages',
      summary: 'List the messages of a session by page, newest page first',
      query: messagePageQuery,
      answer: messagePageResponse,
      handle: async (_ctx, { params: { key }, query }) => ({
        status: 'ok',
        ...(await archive.messages(sessions.keyOf(key), definedFields(query))),
      }),
    }),
    ...wholeSessionRoutes(services),
    route({
      method: 'GET',
      path: '/api/commands',
      scope: 'chat',
      summary: 'List the slash commands of chats',
      answer: commandsResponse,
      handle: () => ({ status: 'ok', commands: commands() }),
    }),
  ];
}
