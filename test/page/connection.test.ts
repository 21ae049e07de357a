import { networkInterfaces } from 'node:os';
import type { Page, Route } from 'playwright-core';
import { expect, test } from 'vitest';
import { expectAccessible, noBrowser, openPage } from '../helpers/browser.js';
import { Installation } from '../helpers/installation.js';
import { callApi, openView, tokenOf, tryNow } from '../helpers/page.js';
import { RealGateway, until } from '../helpers/real-gateway.js';

/** Opens a view whose first read is held, through a restart. @returns what lets that read fail once the page is connected again */
async function holdRead(gateway: RealGateway, hash: string, path: string): Promise<{ page: Page; fail: () => Promise<void> }> {
  const page = await openPage(`${gateway.url}/health`, { token: tokenOf(gateway), allowedErrors: /ERR_|WebSocket|favicon/ });
  let hellos = 0;
  page.on('websocket', (socket) =>
    socket.on('framereceived', ({ payload }) => void (String(payload).includes('"type":"hello"') && (hellos += 1))),
  );
  await page.goto(`${gateway.url}/#/status`);
  await page.getByRole('heading', { name: 'Status', exact: true }).waitFor();
  await until('the first connection', () => hellos === 1);
  const held: Route[] = [];
  await page.route(path, (route) => (held.length === 0 ? void held.push(route) : route.continue()));
  await page.evaluate(`location.hash = '${hash}'`);
  await until('the read', () => held.length === 1);
  const fail = async (): Promise<void> => {
    await until('another connection', () => hellos > 1);
    await held[0]?.abort();
  };
  return { page, fail };
}

test.skipIf(noBrowser)('a read that fails only after the page is connected again is repeated', { tags: ['long'] }, async () => {
  const gateway = await RealGateway.start();
  const sessions = await holdRead(gateway, '#/sessions', '**/api/sessions*');
  const usage = await holdRead(gateway, '#/models/usage', '**/api/usage*');
  await callApi(gateway, 'POST /api/agent', { message: 'Remember me', session: 'notes' });
  const chat = await holdRead(gateway, '#/chat/main:api:default:direct:notes', '**/messages?*');
  expect((await gateway.xopc('gateway', 'restart')).code).toBe(0);
  await Promise.all([sessions.fail(), usage.fail(), chat.fail()]);
  await sessions.page.getByText('Remember me').first().waitFor();
  await chat.page.getByRole('article', { name: 'You' }).getByText('Remember me').waitFor();
  await usage.page.getByText('No usage in this period').waitFor();
});

test.skipIf(noBrowser)('a tab of an older build says so, and reloads when it is told to', async () => {
  const gateway = await RealGateway.start();
  const page = await openView(gateway, '#/sessions', { allowedErrors: /WebSocket/ });
  let hellos = 0;
  await page.routeWebSocket(/\/ws$/, (socket) => {
    const server = socket.connectToServer();
    server.onMessage((message) => {
      const frame = JSON.parse(String(message)) as { type: string; buildId?: string };
      if (frame.type === 'hello' && ++hellos === 2) frame.buildId = 'another';
      socket.send(JSON.stringify(frame));
    });
  });
  await page.reload();
  await page.getByRole('heading', { name: 'Sessions', exact: true }).waitFor();
  await until('the first hello', () => hellos === 1);
  expect((await gateway.xopc('gateway', 'restart')).code).toBe(0);
  await page.getByText('The gateway has a newer version of this page.').waitFor();
  await page.getByRole('button', { name: 'Reload' }).click();
  await page.getByRole('heading', { name: 'Sessions', exact: true }).waitFor();
  await expect.poll(() => page.getByText('The gateway has a newer version of this page.').count()).toBe(0);
});

/** An address of this machine that is not its own loopback; where it has none, a second loopback address that browsers do not know as one. */
function networkAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '0.0.0.0';
}

test.skipIf(noBrowser)('over plain HTTP from the network it works with the token, and warns until that is understood', async () => {
  const gateway = await RealGateway.start({ env: { XOPC_HOST: '0.0.0.0' } });
  const url = `http://${networkAddress()}:${gateway.port}`;
  const page = await openPage(`${url}/#/sessions`, { token: tokenOf(gateway) });
  await page.getByText('This connection is not encrypted').waitFor();
  await page.getByText('No session yet').or(page.getByText('No sessions')).first().waitFor();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'OK' }).click();
  await page.reload();
  await page.getByRole('heading', { name: 'Sessions', exact: true }).waitFor();
  expect(await page.getByText('This connection is not encrypted').count()).toBe(0);
});

test.skipIf(noBrowser)(
  'while the gateway cannot start, an open tab keeps what it showed and says why; a new one says it too',
  { tags: ['long'] },
  async () => {
    const installation = new Installation();
    const gateway = await RealGateway.create({}, installation.command);
    expect((await gateway.xopc('config', 'set', 'gateway.basePath', '/x')).code).toBe(0);
    const running = await gateway.run();
    // It may be loading the other views in advance when the worker dies.
    const allowedErrors = /503|WebSocket|Failed to load|Refused to apply style|ERR_/;
    const page = await openPage(`${gateway.url}/x/#/status`, { locale: 'zh-CN', allowedErrors });
    await page.getByRole('heading', { name: '状态', exact: true }).waitFor();
    const loaded = `performance.getEntriesByType('resource').map(({ name }) => name).join()`;
    await expect.poll(() => page.evaluate<string>(loaded)).toContain('/reasons-');
    const paths = new Set<string>();
    const notePath = (request: { url(): string }): void => void paths.add(new URL(request.url()).pathname);
    page.on('request', notePath);
    const repair = installation.replace('worker', `process.stderr.write('cannot live like this\\n'); process.exit(1);`);
    process.kill(gateway.workerPid(), 'SIGKILL');
    await page.getByText(/网关无法启动：网关的工作进程没有运行：工作进程（PID \d+）退出码 1/).waitFor();
    await page.getByText(/所显示的是 \d/).waitFor();
    const late = await openPage(`${gateway.url}/x/`, { allowedErrors: /503/ });
    late.on('request', notePath);
    await late.getByRole('heading', { name: 'The gateway is not available right now' }).waitFor();
    await late.getByText(/exited with code 1/).waitFor();
    await late.getByText('The last worker exited at').waitFor();
    await expectAccessible(late);
    repair();
    expect((await gateway.xopc('gateway', 'restart')).code).toBe(0);
    await expect.poll(() => late.getByText('not available right now').count()).toBe(0);
    expect([...paths].filter((path) => !path.startsWith('/x/'))).toEqual([]);
    await tryNow(page);
    await expect.poll(() => page.getByText('网关无法启动').count()).toBe(0);
    expect(running.child.exitCode).toBeNull();
  },
);

test.skipIf(noBrowser)('a view whose script and styles failed while the network was away looks right once it is back', async () => {
  const gateway = await RealGateway.start();
  const page = await openPage(`${gateway.url}/nowhere`, { token: tokenOf(gateway), allowedErrors: /404|ERR_FAILED/ });
  const failed = new Set<string>();
  page.on('requestfailed', (request) => failed.add(request.resourceType()));
  await page.route('**/assets/main-*', (route) => route.abort());
  await page.goto(`${gateway.url}/#/cron`);
  await expect.poll(() => [...failed].sort()).toEqual(['script', 'stylesheet']);
  await page.unroute('**/assets/main-*');
  await page.goto(`${gateway.url}/#/models`);
  await page.getByRole('link', { name: 'Schedules' }).click();
  await page.getByRole('heading', { name: 'Schedules', exact: true }).waitFor();
  const unstyled = `[...document.querySelectorAll('link[rel=stylesheet]')].filter(({ sheet }) => (sheet?.cssRules.length ?? 0) === 0).length`;
  await expect.poll(() => page.evaluate(unstyled)).toBe(0);
});

test.skipIf(noBrowser)('the page can be installed: its manifest, icons and colours are there', async () => {
  const gateway = await RealGateway.start();
  const page = await openPage(gateway.url, { token: tokenOf(gateway) });
  const href = await page.locator('link[rel=manifest]').getAttribute('href');
  const at = new URL(href ?? '', page.url());
  type Manifest = { start_url: string; scope: string; icons: { src: string; sizes: string; type: string }[] };
  const manifest = (await (await fetch(at)).json()) as Manifest;
  for (const address of [manifest.start_url, manifest.scope]) expect(new URL(address, at).href).toBe(`${gateway.url}/`);
  for (const { src: address, sizes, type } of manifest.icons) {
    const src = new URL(address, at).href;
    const response = await fetch(src);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, type]);
    if (type !== 'image/png') continue;
    const size = `const image = new Image(); image.src = ${JSON.stringify(src)}; image.decode().then(() => image.naturalWidth + 'x' + image.naturalHeight)`;
    expect(await page.evaluate(size)).toBe(sizes);
  }
  const touch = await page.locator('link[rel=apple-touch-icon]').getAttribute('href');
  expect((await fetch(new URL(touch ?? '', page.url()))).status).toBe(200);
});
