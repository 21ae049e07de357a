import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { expectAccessible, noBrowser } from '../helpers/browser.js';
import { changeEditor, openView, readEditor } from '../helpers/page.js';
import { RealGateway, until } from '../helpers/real-gateway.js';
import { replaceFile } from '../helpers/replace-file.js';

const TEXT = `{
  // the door
  "gateway": { "allowedHosts": ["home.example"] },
  "channels": { "webhook": { "accounts": { "hook": { "url": "http://127.0.0.1:9/hook", "secret": "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=" } } } } // keep
}
`;

async function startWithConfig(): Promise<{ gateway: Awaited<ReturnType<typeof RealGateway.start>>; path: string; read: () => string }> {
  const gateway = await RealGateway.start();
  const path = join(gateway.xopcHome, 'config.json');
  replaceFile(path, TEXT);
  await until('the file in force', () =>
    gateway.log().some(({ msg }) => /config/.test(String(msg)) && /applied|in effect/.test(String(msg))),
  );
  return { gateway, path, read: () => readFileSync(path, 'utf8') };
}

test.skipIf(noBrowser)(
  'settings are changed in a form: comments and secrets survive, pinned ones stay, a conflict is shown',
  { tags: ['long'] },
  async () => {
    const { gateway, path, read } = await startWithConfig();
    const page = await openView(gateway, '#/config', { allowedErrors: /412|429|ERR_FAILED/ });
    await page.getByText(/Set by XOPC_PORT/).waitFor();
    await expect.poll(() => page.getByLabel('gateway.port').isDisabled()).toBe(true);
    const sections = page.getByRole('navigation', { name: 'Sections' });
    const save = page.getByRole('button', { name: 'Save' });
    await page.getByLabel('gateway.drainTimeoutMs').fill('7');
    // Shown at once, before the gateway has checked it.
    await page.route('**/api/config/text', (route) => (route.request().method() === 'POST' ? undefined : route.continue()));
    await page.getByLabel('gateway.maxBodyBytes').fill('12');
    await page.getByText('Must be a whole number from 1,024 to 104,857,600', { exact: true }).waitFor();
    await page.getByRole('button', { name: '1 error' }).waitFor();
    await page.unroute('**/api/config/text');
    await expect.poll(() => save.isDisabled()).toBe(true);
    // The fault is shown at its section, too, and the bar leads to it.
    await sections.getByRole('link', { name: 'Logs' }).click();
    await sections.getByRole('link', { name: 'Gateway 1 error' }).waitFor();
    await page.getByLabel('logs.level').selectOption('debug');
    await page.getByRole('button', { name: '1 error' }).click();
    // Changes that could not be checked say so, and can be checked again.
    await page.route('**/api/config/text', (route) =>
      route.request().method() === 'POST' ? route.fulfill({ status: 429, json: {} }) : route.continue(),
    );
    await page.getByRole('button', { name: 'Undo gateway.maxBodyBytes' }).click();
    const bar = page.getByRole('region', { name: '2 unsaved changes' });
    await bar.getByRole('alert').waitFor();
    await page.unroute('**/api/config/text');
    expect(await save.isDisabled()).toBe(true);
    await bar.getByRole('button', { name: 'Try again' }).click();
    await bar.getByRole('button', { name: 'Review' }).click();
    await page.getByRole('region', { name: 'Changes to save' }).getByText('+     "drainTimeoutMs": 7').waitFor();
    await page.keyboard.press('Escape');
    expect(read()).toBe(TEXT);
    await save.click();
    await page.getByText('Saved: Drain time (ms), Level').waitFor();
    expect(read()).toContain('// the door');
    expect(read()).toContain('"drainTimeoutMs": 7');
    expect(read()).toContain('whsec_MDEy');

    await sections.getByRole('link', { name: 'Channels' }).click();
    await page.getByText('Signing secret').waitFor();
    expect(await page.content()).not.toContain('MDEyMzQ1');
    await page.getByRole('button', { name: 'Replace channels.webhook.accounts.hook.secret' }).click();
    await page.getByRole('textbox', { name: 'Signing secret' }).fill('x');
    await page.getByRole('button', { name: 'Cancel' }).click();
    const template = page.getByLabel('channels.webhook.accounts.hook.template');
    await template.fill('{{ title }}');
    await page
      .getByText("has a placeholder at character 1 that is neither a path such as $.list[0].name nor a text in quotation marks: 'title'")
      .first()
      .waitFor();
    await template.fill('{{ $.title }}\n{{ $.text }}');
    await page.getByLabel('channels.webhook.accounts.hook.signature.header').fill('X-Sign');
    await save.click();
    await page.getByText('Saved: Message text, Signature header').waitFor();
    expect(read()).toMatch(/"signature": \{\s*"header": "X-Sign"\s*\}/);
    expect(read()).toContain('"template": "{{ $.title }}\\n{{ $.text }}"');
    await sections.getByRole('link', { name: 'Logs' }).click();
    await page.getByLabel('logs.level').selectOption('warn');
    // The gateway is gone when the changed file is to be read: that is said, and Save works again.
    await page.route('**/api/config', (route) => (route.request().method() === 'GET' ? route.abort() : route.continue()));
    replaceFile(path, read().replace('"debug"', '"error"'));
    await save.click();
    await page.getByRole('region', { name: '1 unsaved change' }).getByRole('alert').waitFor();
    await page.unroute('**/api/config');
    await save.click();
    const conflict = page.getByRole('dialog', { name: 'The file has changed' });
    await conflict.getByRole('cell', { name: 'error' }).waitFor();
    // A dialog is no part of the column that it is in.
    const width = (await conflict.boundingBox())?.width ?? 0;
    expect((await conflict.getByRole('table').boundingBox())?.width).toBeGreaterThan(width - 60);
    await expect.poll(() => conflict.getByRole('cell').allInnerTexts()).toEqual(['debug', 'error', 'warn', '']);
    // Nothing of it may be out of sight on a telephone.
    await page.setViewportSize({ width: 390, height: 844 });
    const right = async (): Promise<number> => {
      const keep = await conflict.getByRole('checkbox').boundingBox();
      return (keep?.x ?? 0) + (keep?.width ?? 1_000);
    };
    await expect.poll(right).toBeLessThan(390);
    await page.setViewportSize({ width: 1_440, height: 900 });
    await conflict.getByRole('button', { name: 'Overwrite with mine' }).click();
    await until('mine', () => read().includes('"level": "warn"'));
    await page.getByText('Saved: Level', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Undo', exact: true }).click();
    await until('theirs again', () => read().includes('"level": "error"'));
  },
);

test.skipIf(noBrowser)(
  'the file is edited as a text by keyboard: faults by line and column, secrets kept, conflicts shown',
  { tags: ['long'] },
  async () => {
    const { gateway, path, read } = await startWithConfig();
    const page = await openView(gateway, '#/config/text', { allowedErrors: /412/ });
    const area = page.getByRole('textbox', { name: 'File', exact: true });
    expect(await readEditor(page)).toContain('"$secret": true');
    expect(await readEditor(page)).not.toContain('MDEyMzQ1');
    await area.focus();
    await page.keyboard.press('Control+Home');
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    // The key of a shortcut is a letter here, and the indentation comes by itself.
    await page.keyboard.type('"logs": { "level": "loud" }, // g?');
    await page.getByRole('button', { name: '2:22' }).waitFor();
    await page.getByText(/logs\.level.*is "loud"/).waitFor();
    await expect.poll(() => page.locator('.cm-lintRange-error').allTextContents()).toEqual(['"loud"']);
    await expect.poll(() => page.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true);
    await expectAccessible(page);
    await page.keyboard.press('Control+f');
    await page.getByRole('textbox', { name: 'Find' }).fill('home');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: '2:22' }).click();
    await page.keyboard.type('"debug"');
    await until('no fault', async () => (await page.getByRole('button', { name: '2:22' }).count()) === 0);
    await expect.poll(() => page.getByRole('button', { name: 'Save' }).isEnabled()).toBe(true);
    await page.keyboard.press('Control+s');
    await page.getByText('Saved', { exact: true }).waitFor();
    expect(read()).toBe(TEXT.replace('{\n', '{\n  "logs": { "level": "debug" }, // g?\n'));

    // The line being edited stays in sight when problems are shown below the editor.
    await page.setViewportSize({ width: 1_440, height: 480 });
    await changeEditor(page, (text) => text + '\n'.repeat(60));
    await page.keyboard.press('Control+End');
    await page.keyboard.type('x');
    await page.getByText('not JSON: text needs double quotes', { exact: true }).waitFor();
    const caretIsSeen = `(() => {
    const scroller = document.querySelector('.code-editor').shadowRoot.querySelector('.cm-scroller').getBoundingClientRect();
    const line = document.querySelector('.code-editor').shadowRoot.querySelector('.cm-activeLine')?.getBoundingClientRect();
    return line !== undefined && line.top >= scroller.top && line.bottom <= scroller.bottom;
  })()`;
    await expect.poll(() => page.evaluate(caretIsSeen)).toBe(true);
    await page.getByRole('button', { name: 'Discard' }).click();
    await page.setViewportSize({ width: 1_440, height: 900 });

    await changeEditor(page, (text) => text.replace('the door', 'the front door'));
    replaceFile(path, read().replace('the door', 'the back door'));
    const conflict = page.getByRole('alert').filter({ hasText: 'The file has changed' });
    await conflict.getByRole('region', { name: 'Changes in the file' }).getByText('+   // the back door').waitFor();
    await conflict.getByRole('region', { name: 'Your changes' }).getByText('+   // the front door').waitFor();
    await conflict.getByText('Both changed the same lines').waitFor();
    await page.getByRole('button', { name: 'Use the file’s' }).click();
    await expect.poll(() => readEditor(page)).toContain('the back door');
  },
);

test.skipIf(noBrowser)(
  'unsaved changes stay while another view is shown, over a reload and a dead gateway, and cover nothing',
  { tags: ['long'] },
  async () => {
    const { gateway, path, read } = await startWithConfig();
    const page = await openView(gateway, '#/config', { allowedErrors: /WebSocket|ERR_|Failed to load/ });
    await page.getByLabel('gateway.drainTimeoutMs').fill('7');
    await page.getByLabel('gateway.auth.api_key').fill('typed-secret');
    const bar = page.getByRole('region', { name: '2 unsaved changes' });
    // The last field can be scrolled to, above the bar.
    await page.getByLabel('gateway.cors.credentials').scrollIntoViewIfNeeded();
    const above = async (): Promise<number> => {
      const field = await page.getByLabel('gateway.cors.credentials').boundingBox();
      return ((await bar.boundingBox())?.y ?? 0) - ((field?.y ?? 1_000) + (field?.height ?? 0));
    };
    await expect.poll(above).toBeGreaterThan(0);
    await expectAccessible(page);
    await page.setViewportSize({ width: 1_440, height: 900 });
    await page.goto(`${gateway.url}/#/config/text`);
    await changeEditor(page, (text) => text.replace('// keep', '// kept "token": "in-the-file"'));
    await page.getByRole('region', { name: /changed line/ }).waitFor();

    gateway.process.child.kill('SIGTERM');
    await gateway.process.done;
    await page.goto(`${gateway.url}/#/status`);
    await page.goto(`${gateway.url}/#/config/text`);
    await expect.poll(() => readEditor(page)).toContain('// kept');
    await page.goto(`${gateway.url}/#/config`);
    await expect.poll(() => page.getByLabel('gateway.drainTimeoutMs').inputValue()).toBe('7');
    await bar.waitFor();
    // Secrets are in the page only, not on the disk of the browser.
    expect(await page.evaluate(`JSON.stringify({ ...localStorage })`)).not.toMatch(/typed-secret|in-the-file/);

    replaceFile(path, TEXT.replace('the door', 'their door'));
    await gateway.run();
    await page.reload();
    await page.getByRole('region', { name: '1 unsaved change' }).waitFor();
    await expect.poll(() => page.getByLabel('gateway.drainTimeoutMs').inputValue()).toBe('7');
    await page.getByRole('link', { name: 'File', exact: true }).click();
    await page.getByRole('alert').filter({ hasText: 'The file has changed' }).getByRole('button', { name: 'Merge' }).click();
    await expect.poll(() => readEditor(page)).toMatch(/their door[^]*\/\/ kept/);
    await page.getByRole('button', { name: 'Discard' }).click();
    await expect.poll(() => readEditor(page)).not.toContain('// kept');
    await page.getByRole('link', { name: 'Settings', exact: true }).click();
    await page.getByRole('button', { name: 'Save' }).click();
    await until('saved', () => read().includes('"drainTimeoutMs": 7') && read().includes('their door'));
  },
);
