import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { startHttpApp, type TestApp, TOKEN } from '../../../helpers/http-app.js';

const localhost = { Host: 'localhost:18790', Origin: 'http://localhost:18790' };
const gateway = { auth: { enabled: true } };

/** As much of a browser as the page's script needs. */
async function openPage(app: TestApp, hash: string, cookies = { value: '' }) {
  const elements = new Map<string, Record<string, unknown>>();
  const element = (id: string) => {
    const found = elements.get(id) ?? {
      hidden: true,
      replaceChildren: () => undefined,
      append: () => undefined,
      addEventListener: () => undefined,
    };
    elements.set(id, found);
    return found;
  };
  const location = { hash, pathname: '/' };
  const text = (await app.send('/')).text;
  const script = await app.send(/src="\.([^"]+)"/.exec(text)?.[1] ?? '');
  runInNewContext(script.text, {
    document: { getElementById: element, createElement: () => ({}) },
    location,
    history: { replaceState: () => (location.hash = '') },
    window: { addEventListener: () => undefined },
    fetch: async (path: string, { method, headers, body }: { method: string; headers: Record<string, string>; body?: string }) => {
      const answer = await app.send(path.slice(1), { method, headers: { ...localhost, ...headers, Cookie: cookies.value }, body });
      if (answer.headers['set-cookie'] !== undefined) cookies.value = String(answer.headers['set-cookie']).split(';')[0] ?? '';
      return { ok: answer.status === 200, status: answer.status, json: async () => answer.json };
    },
  });
  await expect.poll(() => element('notice')['textContent']).toBeDefined();
  return { notice: element('notice')['textContent'], needsToken: element('sign-in')['hidden'] === false, location, cookies };
}

test('the small page takes the link’s ticket out of its address, and is signed in in every tab', async () => {
  const app = await startHttpApp({ gateway });
  const link = await app.send('/api/page-links', { method: 'POST', headers: { Authorization: `Bearer ${TOKEN}` } });
  const page = await openPage(app, `#link=${String(link.json?.['url']).split('#link=')[1]}`);
  expect(page).toMatchObject({ notice: 'This browser is signed in.', needsToken: false, location: { hash: '' } });
  expect(await openPage(app, '', page.cookies)).toMatchObject({ needsToken: false });
});

test('the small page with a used link, or with none where the token is needed, asks for the token', async () => {
  const app = await startHttpApp({ gateway });
  expect(await openPage(app, `#link=${'x'.repeat(43)}`)).toMatchObject({
    notice: expect.stringContaining('used before'),
    needsToken: true,
  });
  expect(await openPage(app, '')).toMatchObject({ needsToken: true });
});
