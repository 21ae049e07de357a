/** Serves files sent in chats, read from their source. */
import { Readable } from 'node:stream';
import { channelName, fileAccountId, fileId, fileName } from '../../../../../shared/api/channels.js';
import { GatewayError } from '../../../../../shared/errors.js';
import { orAborted } from '../../../../../shared/clock.js';
import { type Route, route } from '../../route.js';
import type { RouteDeps } from '../../services.js';

/** Types that a browser may show; any other file is untrusted and may only be saved. None of these types can contain a script. */
const SHOWN: Readonly<Record<string, string>> = {
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  png: 'image/png',
  gif: 'image/gif',
  webp: 'image/webp',
  mp4: 'video/mp4',
  mp3: 'audio/mpeg',
  ogg: 'audio/ogg',
  txt: 'text/plain; charset=utf-8',
};

/** @throws UNAVAILABLE in place of the source's error */
async function* untilFailure(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* bytes;
  } catch (cause) {
    throw new GatewayError('UNAVAILABLE', { message: 'the file could not be read to its end', cause });
  }
}

export function fileRoutes({ services: { channelAccounts: channels }, connections }: RouteDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/files/:channel/:accountId/:fileId/:name',
      scope: 'chat',
      summary: 'Read a file sent by a chat, by the link in its message',
      errors: ['CHANNEL_NOT_FOUND', 'NOT_FOUND'],
      params: { channel: channelName, accountId: fileAccountId, fileId, name: fileName },
      media: { '*/*': 'The file, as application/octet-stream; images, audio, video and plain text keep their media type' },
      async handle(ctx, { params: { name, ...file } }) {
        const signal = connections.abortable(ctx.res, 'stream');
        const { sizeBytes, bytes } = await orAborted(channels.openFile(file, signal), signal);
        const type = SHOWN[name.split('.').at(-1)?.toLowerCase() ?? ''];
        ctx.set('Content-Type', type ?? 'application/octet-stream');
        ctx.set('Content-Disposition', `${type === undefined ? 'attachment' : 'inline'}; filename="${name}"`);
        ctx.set('Cache-Control', 'private, max-age=3600');
        if (sizeBytes !== undefined) ctx.set('Content-Length', String(sizeBytes));
        const stream = Readable.from(untilFailure(bytes), { objectMode: false });
        // The response has begun, so an error can only abort it: half a file must not look complete.
        stream.once('error', () => ctx.res.destroy());
        ctx.body = stream;
      },
    }),
  ];
}
