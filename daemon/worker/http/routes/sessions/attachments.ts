import { attachmentDeleteResponse, attachmentFile, attachmentId, attachmentResponse } from '../../../../../shared/api/attachments.js';
import { FILE_LIMITS } from '../../../../../shared/file-limits.js';
import type { RouteDeps } from '../../services.js';
import { OF_SESSION } from './of-session.js';
import { type Route, route } from '../../route.js';

/** The largest image or recording in base64, plus the surrounding JSON. */
export const FILE_BODY_BYTES = Math.ceil(FILE_LIMITS.maxMediaBytes / 3) * 4 + 4_096;

export function attachmentRoutes({ services: { attachments, sessions } }: RouteDeps): Route[] {
  return [
    route({
      ...OF_SESSION,
      method: 'POST',
      path: '/api/sessions/:key/attachments',
      summary: 'Upload a file for a later message of the session',
      body: attachmentFile,
      minimumBodyLimit: FILE_BODY_BYTES,
      answer: attachmentResponse,
      handle: async (_ctx, { params, body }) => ({ status: 'ok', attachment: await attachments.upload(sessions.keyOf(params.key), body) }),
    }),
    route({
      method: 'GET',
      path: '/api/attachments/:id',
      scope: 'chat',
      summary: 'Read an attached file',
      errors: ['NOT_FOUND'],
      params: { id: attachmentId },
      media: { '*/*': 'The file, with its media type' },
      async handle(ctx, { params: { id } }) {
        const { name, mediaType, content } = await attachments.read(id);
        // Never shown by the browser itself; the page displays it as an image or saves it.
        ctx.set('Content-Disposition', `attachment; filename*=UTF-8''${encodeURIComponent(name)}`);
        ctx.set('Content-Type', /^(?:image|audio)\//.test(mediaType) ? mediaType : `${mediaType}; charset=utf-8`);
        return content;
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/attachments/:id',
      scope: 'chat',
      summary: 'Delete an unsent file',
      errors: ['NOT_FOUND'],
      params: { id: attachmentId },
      answer: attachmentDeleteResponse,
      async handle(_ctx, { params: { id } }) {
        await attachments.remove(id);
        return { status: 'ok' };
      },
    }),
  ];
}
