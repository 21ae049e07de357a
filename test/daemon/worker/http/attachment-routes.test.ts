import { expect, test } from 'vitest';
import { makeConversation } from '../../../helpers/make-conversation.js';
import { startHttpApp } from '../../../helpers/http-app.js';
import { describeRoutes } from '../../../../daemon/worker/http/openapi/describe-routes.js';

async function setUp() {
  const conversation = await makeConversation();
  const { port } = await startHttpApp({ services: conversation });
  const { session } = await conversation.sessions.create({});
  const url = `http://127.0.0.1:${port}`;
  const post = (body: unknown): Promise<Response> =>
    fetch(`${url}/api/sessions/${encodeURIComponent(session.key)}/attachments`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
  return { url, post, session, archive: conversation.archive };
}

test('a picture larger than other bodies may be is taken and given back byte for byte, to be saved and not shown', async () => {
  const { url, post } = await setUp();
  const bytes = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(4_000_000, 7)]);
  const answer = await post({ name: 'große.png', mediaType: 'image/png', data: bytes.toString('base64') });
  expect(answer.status).toBe(200);
  const { attachment } = (await answer.json()) as { attachment: { id: string; size: number } };
  expect(attachment.size).toBe(bytes.length);
  const read = await fetch(`${url}/api/attachments/${attachment.id}`);
  expect([read.status, read.headers.get('content-type'), read.headers.get('content-disposition')]).toEqual([
    200,
    'image/png',
    "attachment; filename*=UTF-8''gro%C3%9Fe.png",
  ]);
  expect(read.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(Buffer.from(await read.arrayBuffer()).equals(bytes)).toBe(true);
  expect((await fetch(`${url}/api/attachments/${attachment.id}`, { method: 'DELETE' })).status).toBe(200);
  expect((await fetch(`${url}/api/attachments/${attachment.id}`)).status).toBe(404);
});

test('what cannot be attached is refused with the reason, and what is too large before it is read', async () => {
  const { post } = await setUp();
  const odd = await post({ name: 'a.bin', data: 'AAEC' });
  expect([odd.status, ((await odd.json()) as { error: { message: string } }).error.message]).toEqual([
    400,
    expect.stringContaining('neither an image'),
  ]);
  expect((await post({ name: 'a.txt', data: 'not base64!' })).status).toBe(400);
  expect((await post({ name: 'a.txt', data: 'A'.repeat(6_000_000) })).status).toBe(413);
});

test('the OpenAPI document says that a file has a media type of its own', () => {
  const { paths } = describeRoutes('1.2.3');
  for (const path of ['/api/attachments/{id}', '/api/files/{channel}/{accountId}/{fileId}/{name}'])
    expect(JSON.stringify(paths[path]?.['get']?.responses[200])).toContain('"content":{"*/*":');
});

test('a session whose title is cut within a character is exported', async () => {
  const { url, session, archive } = await setUp();
  await archive.change(session.key, { title: `${'a'.repeat(59)}\u{20000} title` });
  const read = await fetch(`${url}/api/sessions/${encodeURIComponent(session.key)}/export`);
  expect([read.status, read.headers.get('content-disposition')]).toEqual([
    200,
    `attachment; filename="session.json"; filename*=UTF-8''${'a'.repeat(59)}.json`,
  ]);
});
