import type { BrowserContext, Page, Route } from 'playwright-core';
import { expect, test } from 'vitest';
import { expectAccessible, noBrowser, openPage } from '../helpers/browser.js';
import { tokenOf } from '../helpers/page.js';
import { isAlive, RealGateway, until } from '../helpers/real-gateway.js';
import { startPageWorld } from '../helpers/page-world.js';

/** The browser of the tests is a program of the user that the gateways run as. */
const isOwner = process.platform === 'linux';
const guarded = { gateway: { auth: { enabled: true } } };
const refused = /401|WebSocket/;

const cookies = async (page: Page) => (await page.context().cookies()).filter(({ name }) => name.startsWith('xopc_'));

/** Everything that scripts could read. */
const readable = (page: Page): Promise<string> =>
  page.evaluate<string>('JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }, location.href])');
const signInScreen = (page: Page) => page.getByRole('dialog', { name: 'Sign in' });

async function openTab(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(url);
  return page;
}

const openLog = (page: Page, gateway: RealGateway) => page.goto(`${gateway.url}/#/logs`);
const logIsShown = (page: Page) => page.getByText('Live', { exact: true }).waitFor();

/** A page that is signed in with the token, from a browser that is not signed in by itself. */
async function signedIn(gateway: RealGateway): Promise<Page> {
  const page = await openPage(gateway.url, { allowedErrors: refused });
  await page.getByLabel('Access token', { exact: true }).fill(tokenOf(gateway));
  await page.keyboard.press('Enter');
  await page.getByRole('textbox', { name: 'Message' }).waitFor();
  await expect.poll(() => signInScreen(page).count()).toBe(0);
  return page;
}

test.skipIf(noBrowser)(
  'the shell is shown, and its view loaded, before the gateway has answered who this is; its data waits for that',
  async () => {
    const gateway = await RealGateway.start();
    const page = await openPage(`${gateway.url}/health`, { allowedErrors: /favicon/ });
    const signIns: Route[] = [];
    await page.route('**/api/page-session', (route) => void signIns.push(route));
    const calls: string[] = [];
    page.on('request', (request) => void calls.push(new URL(request.url()).pathname));
    await page.goto(`${gateway.url}/#/status`);
    await page.getByRole('heading', { name: 'Status', exact: true }).waitFor();
    await page.getByRole('navigation', { name: 'Views' }).waitFor();
    expect(calls.filter((path) => path.startsWith('/api/') || path === '/ws')).toEqual(['/api/page-session']);
    await signIns[0]?.continue();
    await page.getByText('Last 24 hours').waitFor();
  },
);

test.skipIf(noBrowser || !isOwner)('on the gateway’s machine its owner reads the log without being asked', async () => {
  const gateway = await RealGateway.start();
  const page = await openPage(`${gateway.url}/#/logs`);
  await logIsShown(page);
  expect(await cookies(page)).toMatchObject([{ httpOnly: true, sameSite: 'Strict', path: '/' }]);
  expect(await readable(page)).not.toContain(tokenOf(gateway));
  // The owner cannot sign out, because the page would sign in again at once; also with a session that exists by now.
  await page.reload();
  await logIsShown(page);
  await page.getByRole('button', { name: 'Preferences' }).click();
  await page.getByText('Signed in as the owner of this machine.').waitFor();
  expect(await page.getByRole('button', { name: 'Sign out' }).count()).toBe(0);
});

test.skipIf(noBrowser)('anybody else sees the one sign-in screen, and most of the page behind it where calls need no token', async () => {
  const { gateway } = await startPageWorld({ gateway: { allowedHosts: ['gateway.example'] } });
  const page = await openPage(`${gateway.url}/#/logs`, { allowedErrors: refused });
  await signInScreen(page).waitFor();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Continue without token' }).click();
  await page.goto(`${gateway.url}/#/chat`);
  await page.getByText('How can I help?').waitFor();
  expect(await cookies(page)).toEqual([]);
});

test.skipIf(noBrowser)(
  'where calls need no token, the sign-in screen does not come back once it is closed, until someone asks for it',
  async () => {
    const { gateway } = await startPageWorld({ gateway: { allowedHosts: ['gateway.example'] } });
    const page = await openPage(`${gateway.url}/#/status`, { allowedErrors: refused });
    // It does without the versions of the configuration.
    await page.getByText('Last 24 hours').waitFor();
    expect(await signInScreen(page).count()).toBe(0);
    const reads: string[] = [];
    page.on('request', (request) => void (request.url().includes('/api/logs') && reads.push(request.url())));
    await page.clock.install();
    await openLog(page, gateway);
    await page.getByRole('button', { name: 'Continue without token' }).click();
    const signIn = page.getByRole('alert').getByRole('button', { name: 'Sign in' });
    await signIn.waitFor();
    const known = reads.length;
    await page.clock.runFor(60_000);
    expect([reads.length, await signInScreen(page).count()]).toEqual([known, 0]);
    await signIn.click();
    await page.getByLabel('Access token', { exact: true }).fill(tokenOf(gateway));
    await page.keyboard.press('Enter');
    await logIsShown(page);
  },
);

test.skipIf(noBrowser)('the token signs in, in every tab, through a restart and a reload, and is kept nowhere', async () => {
  const { gateway } = await startPageWorld(guarded);
  const page = await openPage(gateway.url, { allowedErrors: refused });
  await signInScreen(page).waitFor();
  expect(await page.getByRole('button', { name: 'Close' }).count()).toBe(0);
  for (let pressed = 0; pressed < 3; pressed += 1) await page.keyboard.press('Escape');
  await page.getByLabel('Access token', { exact: true }).fill('wrong');
  await page.keyboard.press('Enter');
  await page.getByText('The token is not valid for this gateway.').waitFor();
  await page.getByLabel('Access token', { exact: true }).fill(tokenOf(gateway));
  await page.keyboard.press('Enter');
  await page.getByText('How can I help?').waitFor();
  await expect.poll(() => signInScreen(page).count()).toBe(0);
  const tab = await openTab(page.context(), gateway.url);
  await tab.getByText('How can I help?').waitFor();
  await gateway.xopc('gateway', 'restart');
  await tab.reload();
  await openLog(tab, gateway);
  await logIsShown(tab);
  expect(await signInScreen(tab).count()).toBe(0);
  expect(await readable(page)).not.toContain(tokenOf(gateway));
});

test.skipIf(noBrowser)('a link signs in once, never shows the token, and leaves the address', async () => {
  const { gateway } = await startPageWorld(guarded);
  const { url } = JSON.parse((await gateway.xopc('gateway', 'open', '--json')).stdout) as { url: string };
  const page = await openPage(url, { allowedErrors: refused });
  await page.getByText('How can I help?').waitFor();
  await expect.poll(() => page.url()).not.toContain('link=');
  expect(await readable(page)).not.toContain(tokenOf(gateway));
  const again = await openTab(page.context(), url);
  await again.getByText('How can I help?').waitFor();
  const stranger = await openPage(url, { allowedErrors: refused });
  await stranger.getByText('This link was already used or has expired.').waitFor();
});

/** Holds back the sign-in screen, as a slow connection does, while what `work` does is written. */
async function beforeSignIn(page: Page, work: () => Promise<void>): Promise<void> {
  const held: Route[] = [];
  let isDone = false;
  await page.route('**/api/page-session', (route) => (isDone ? route.continue() : void held.push(route)));
  await work();
  isDone = true;
  for (const route of held) await route.continue();
  await page.unroute('**/api/page-session');
}

test.skipIf(noBrowser)(
  'a new token ends the session: what was written meanwhile is kept, also over a reload, and sent after the sign-in',
  { tags: ['long'] },
  async () => {
    const { gateway, model } = await startPageWorld(guarded);
    const page = await signedIn(gateway);
    const box = page.getByRole('textbox', { name: 'Message' });
    const write = async (text: string): Promise<void> => {
      await box.fill(text);
      await page.keyboard.press('Enter');
    };
    await write('Before');
    await page.getByRole('article', { name: 'Agent' }).getByText('Before').waitFor();
    const known = page.url();
    await page.goto(`${gateway.url}/#/cron/new`);
    await page.getByLabel('Task', { exact: true }).fill('Half a task');
    await page.goto(`${gateway.url}/#/config?section=logs`);
    await page.getByLabel('logs.level').selectOption('debug');
    await page.goto(known);
    await page.getByRole('article', { name: 'Agent' }).waitFor();
    await beforeSignIn(page, async () => {
      const pid = gateway.workerPid();
      expect((await gateway.xopc('gateway', 'token', '--rotate')).code).toBe(0);
      await until('the worker with the old token to leave', () => !isAlive(pid));
      await write('To the known chat');
      await page.getByRole('button', { name: 'New chat', exact: true }).click();
      await write('To a new chat');
      await page.locator('.queue').getByText('To a new chat').waitFor();
      await box.fill('Half a message');
    });
    await page.getByText('Your session has ended.').waitFor();
    await page.reload();
    await page.getByLabel('Access token', { exact: true }).fill(tokenOf(gateway));
    await page.keyboard.press('Enter');
    await expect.poll(() => signInScreen(page).count()).toBe(0);
    await page.getByRole('article', { name: 'Agent' }).getByText('To a new chat').waitFor();
    await expect
      .poll(() => model.requests.map(({ messages }) => messages.at(-1)?.content).toSorted())
      .toEqual(['Before', 'To a new chat', 'To the known chat']);
    expect(page.url()).not.toBe(known);
    await expect.poll(() => box.inputValue()).toBe('Half a message');
    await page.goto(known);
    await page.getByRole('article', { name: 'Agent' }).getByText('To the known chat').waitFor();
    await page.goto(`${gateway.url}/#/cron/new`);
    await expect.poll(() => page.getByLabel('Task', { exact: true }).inputValue()).toBe('Half a task');
    await page.goto(`${gateway.url}/#/config?section=logs`);
    await page.getByRole('region', { name: '1 unsaved change' }).waitFor();
    await expect.poll(() => page.getByLabel('logs.level').inputValue()).toBe('debug');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved: Level').waitFor();
  },
);

test.skipIf(noBrowser)('signing out ends the session, not only the cookie', async () => {
  const { gateway } = await startPageWorld(guarded);
  const page = await signedIn(gateway);
  const [cookie] = await cookies(page);
  const ask = async (): Promise<number> =>
    (await fetch(`${gateway.url}/api/models`, { headers: { Cookie: `${cookie?.name}=${cookie?.value}` } })).status;
  expect(await ask()).toBe(200);
  const tabs = [page, await openTab(page.context(), `${gateway.url}/#/status`)];
  await tabs[1]?.getByText('Last 24 hours').waitFor();
  // Nothing that was loaded with the session stays, in any tab.
  for (const tab of tabs) await tab.evaluate('window.loaded = true');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('appearance');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Sign out' }).click();
  for (const tab of tabs) {
    await tab.getByText('This gateway requires an access token.').waitFor();
    expect(await tab.evaluate('window.loaded')).toBeUndefined();
  }
  await expect.poll(async () => [await cookies(page), await ask()]).toEqual([[], 401]);
});

test.skipIf(noBrowser)('two gateways on one host keep their sessions apart', async () => {
  const [first, second] = [(await startPageWorld(guarded)).gateway, (await startPageWorld(guarded)).gateway];
  const page = await signedIn(first);
  const other = await openTab(page.context(), second.url);
  await signInScreen(other).waitFor();
  await other.getByLabel('Access token', { exact: true }).fill(tokenOf(second));
  await other.keyboard.press('Enter');
  await other.getByText('How can I help?').waitFor();
  await expect.poll(async () => new Set((await cookies(page)).map(({ name }) => name)).size).toBe(2);
  await page.reload();
  await page.getByText('How can I help?').waitFor();
  await expect.poll(() => signInScreen(page).count()).toBe(0);
});

test.skipIf(noBrowser)('where the owner has let everybody in, the page says so', async () => {
  const { gateway } = await startPageWorld({ gateway: { host: '0.0.0.0', auth: { enabled: false } } });
  const page = await openPage(gateway.url);
  await page.getByText('Everyone on the network can use this gateway without a token').waitFor();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'OK' }).click();
  await expect.poll(() => page.getByText('Everyone on the network').count()).toBe(0);
});
