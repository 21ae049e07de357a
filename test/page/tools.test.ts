/** The tools of agents: servers are added, tested, tried and removed, and permissions are given. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { expectAccessible, noBrowser } from '../helpers/browser.js';
import { callApi, openView } from '../helpers/page.js';
import { startPageWorld } from '../helpers/page-world.js';
import { root } from '../helpers/real-gateway.js';

const EVERYTHING = join(root, 'node_modules', '@modelcontextprotocol', 'server-everything', 'dist', 'index.js');

interface Config {
  readonly agents: { readonly defaults?: { readonly permissions?: object }; readonly list: readonly { readonly permissions?: object }[] };
  readonly mcp: { readonly servers: Readonly<Record<string, object>> };
}

test.skipIf(noBrowser)(
  'a server is added, tested, tried out, changed and removed; permissions are for all agents or for one',
  { tags: ['long'] },
  async () => {
    expect(existsSync(EVERYTHING)).toBe(true);
    const { gateway } = await startPageWorld({
      agents: { defaults: { model: 'fake/one' }, list: [{ id: 'main', name: 'Main' }, { id: 'other' }] },
    });
    const config = async (): Promise<Config> => (await callApi<{ config: Config }>(gateway, 'GET /api/config')).config;
    const page = await openView(gateway, '#/tools', { allowedErrors: /412/ });
    const dialog = page.getByRole('dialog');
    await page.getByRole('heading', { name: 'No MCP servers' }).waitFor();

    // The form refuses what the gateway would refuse.
    await page.getByRole('button', { name: 'Add server' }).click();
    await dialog.getByLabel('Name', { exact: true }).fill('Every thing');
    await dialog.getByLabel('Program', { exact: true }).fill(process.execPath);
    await dialog.getByLabel('Arguments, one per line').fill(EVERYTHING);
    await dialog.getByLabel('Environment, NAME=value per line').fill('no value');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByText('Must be 1 to 32 lower-case letters').waitFor();
    await dialog.getByText('Each line must be NAME=value.').waitFor();
    await expectAccessible(page);
    await page.setViewportSize({ width: 1280, height: 900 });
    await dialog.getByLabel('Name', { exact: true }).fill('everything');
    await dialog.getByLabel('Environment, NAME=value per line').fill('API_KEY=sk-0123456789abcdef');
    await dialog.getByRole('button', { name: 'Save' }).click();
    const card = page.getByRole('list', { name: 'MCP servers' }).getByRole('listitem').filter({ hasText: 'everything' }).first();
    await card.getByText('Starts when needed').waitFor();

    await card.getByRole('button', { name: 'Test everything' }).click();
    await card.getByText(/^Answered in .* tools$/).waitFor();
    await card.getByText('Running').waitFor();
    await card.getByRole('button', { name: /^\d+ tools everything$/ }).click();
    const tools = page.getByRole('list', { name: 'Tools of everything' });
    await tools.getByRole('button', { name: 'Try echo' }).click();
    await dialog.getByRole('button', { name: 'Run' }).click();
    await dialog.getByLabel('message').fill('Hello there');
    await dialog.getByRole('button', { name: 'Run' }).click();
    await dialog.getByText('Echo: Hello there').waitFor();
    await expectAccessible(page);
    await page.setViewportSize({ width: 1280, height: 900 });
    await dialog.getByText('JSON', { exact: true }).click();
    await dialog.getByRole('textbox', { name: 'Arguments' }).fill('[]');
    await dialog.getByRole('button', { name: 'Run' }).click();
    await dialog.getByText('This is not a JSON object.').waitFor();
    // What was edited is never replaced by what the form had before.
    await dialog.getByText('Form', { exact: true }).click();
    await dialog.getByRole('radio', { name: 'JSON' }).and(page.locator(':checked')).waitFor();
    await dialog.getByRole('textbox', { name: 'Arguments' }).fill('{ "message": "From JSON", "more": 1 }');
    await dialog.getByText('Form', { exact: true }).click();
    await dialog.getByText('The form cannot show these arguments').waitFor();
    await dialog.getByRole('textbox', { name: 'Arguments' }).fill('{ "message": "From JSON" }');
    await dialog.getByText('Form', { exact: true }).click();
    expect(await dialog.getByLabel('message').inputValue()).toBe('From JSON');
    await dialog.getByRole('button', { name: 'Run' }).click();
    await dialog.getByText('Echo: From JSON').waitFor();
    await page.keyboard.press('Escape');

    const echo = page.getByLabel('Permission for everything__echo');
    await page.getByLabel('Permission for everything__*').selectOption({ label: 'Deny' });
    await expect.poll(() => echo.locator('option').first().textContent()).toBe('Default (Deny)');
    await page.getByLabel('Permissions of').selectOption({ label: 'other' });
    await echo.selectOption({ label: 'Allow' });
    await page.getByLabel('Permission for send').selectOption({ label: 'Ask' });
    await expect
      .poll(async () => (await config()).agents)
      .toMatchObject({
        defaults: { permissions: { 'everything__*': 'deny' } },
        list: [{ id: 'main' }, { id: 'other', permissions: { everything__echo: 'allow', send: 'ask' } }],
      });
    await expect.poll(() => echo.isEnabled()).toBe(true);
    await echo.selectOption({ index: 0 });
    await expect.poll(async () => (await config()).agents.list[1]?.permissions).toEqual({ send: 'ask' });
    await expectAccessible(page);
    await page.setViewportSize({ width: 1280, height: 900 });

    // Another part of the file changes meanwhile, then the same server does.
    await card.getByRole('button', { name: 'Actions for everything' }).click();
    await page.getByRole('menuitem', { name: 'Edit' }).click();
    await callApi(gateway, 'PATCH /api/config', { logs: { files: 7 } });
    await dialog.getByLabel('Directory').fill(root);
    await callApi(gateway, 'PATCH /api/config', { mcp: { servers: { everything: { timeoutMs: 5_000 } } } });
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByText('Somebody else has changed this server').waitFor();
    await Promise.all([page.getByText('“everything” is saved').waitFor(), dialog.getByRole('button', { name: 'Save mine' }).click()]);
    // The notice of the first time may still be there.
    await expect
      .poll(async () => (await config()).mcp.servers['everything'])
      .toEqual({
        command: process.execPath,
        args: [EVERYTHING],
        env: { API_KEY: { $secret: true, hint: '…cdef' } },
        cwd: root,
        timeoutMs: 5_000,
      });

    await card.getByRole('switch', { name: 'everything is on' }).click();
    await card.getByText('Off', { exact: true }).waitFor();
    await card.getByRole('button', { name: 'Actions for everything' }).click();
    await page.getByRole('menuitem', { name: 'Remove' }).click();
    await dialog.getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('heading', { name: 'No MCP servers' }).waitFor();
    expect((await config()).mcp.servers).toEqual({});
  },
);

test.skipIf(noBrowser)('a change of a server keeps an argument with a password, and one with several lines', async () => {
  const args = ['-c', 'cd notes\nexec server "$0"', 'postgresql://me:secret@db/notes', ''];
  const { gateway } = await startPageWorld({ mcp: { servers: { notes: { command: 'sh', args } } } });
  const written = (): unknown => JSON.parse(readFileSync(join(gateway.xopcHome, 'config.json'), 'utf8')).mcp.servers.notes;
  const page = await openView(gateway, '#/tools');
  const dialog = page.getByRole('dialog');
  await page.getByRole('button', { name: 'Actions for notes' }).click();
  await page.getByRole('menuitem', { name: 'Edit' }).click();
  await dialog.getByLabel('Directory').fill(root);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByText('“notes” is saved').waitFor();
  expect(written()).toEqual({ command: 'sh', args, cwd: root });
});
