import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { expectAccessible, noBrowser } from '../helpers/browser.js';
import { callApi, changeEditor, openView, readEditor } from '../helpers/page.js';
import { RealGateway, until } from '../helpers/real-gateway.js';
import { replaceFile } from '../helpers/replace-file.js';

const SECRET = 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=';
const TEXT = `{
  // first
  "logs": { "files": 3 },
  "channels": { "webhook": { "accounts": { "hook": { "url": "http://127.0.0.1:9/hook", "secret": "${SECRET}" } } } }
}
`;

async function areKept(gateway: RealGateway, count: number): Promise<boolean> {
  return (await callApi<{ versions: unknown[] }>(gateway, 'GET /api/config/versions')).versions.length >= count;
}

async function startWith(text: string): Promise<{ gateway: RealGateway; write: (text: string) => void; read: () => string }> {
  const gateway = await RealGateway.start();
  const path = join(gateway.xopcHome, 'config.json');
  const write = (next: string): void => replaceFile(path, next);
  // What the gateway began with is kept a moment after it is ready.
  await until('the first version is kept', () => areKept(gateway, 1));
  write(text);
  await until('in force', async () => (await callApi<{ inForce: boolean; config: object }>(gateway, 'GET /api/config')).inForce);
  return { gateway, write, read: () => readFileSync(path, 'utf8') };
}

test.skipIf(noBrowser)('an earlier version, an edit by hand too, is looked at and put back with its secrets', async () => {
  const { gateway, write, read } = await startWith(TEXT);
  await until('the text is kept', () => areKept(gateway, 2));
  write('{ "logs": { "files": 4 } }\n');
  await until('the next one is kept', () => areKept(gateway, 3));
  const page = await openView(gateway, '#/config/versions');
  await page.getByText('Current', { exact: true }).waitFor();
  await page.getByRole('list', { name: 'Versions' }).getByRole('link').nth(1).focus();
  await page.keyboard.press('Enter');
  const change = page.getByRole('region', { name: 'Changes on restore' });
  await change.getByText('+   // first').waitFor();
  expect(await page.content()).not.toContain('MDEyMzQ1');
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Restore this version' }).focus();
  await page.keyboard.press('Enter');
  await page.getByText('Saved', { exact: true }).waitFor();
  expect(read()).toBe(TEXT);
  await page.getByRole('button', { name: 'Undo' }).click();
  await until('undone', () => read().includes('"files": 4'));
});

test.skipIf(noBrowser)('a file that cannot be read is mended as a text; keys that nobody knows are shown and taken out', async () => {
  const { gateway, write, read } = await startWith(TEXT);
  write(TEXT.replace('3 },', '3 }'));
  const page = await openView(gateway, '#/config', { allowedErrors: /500/ });
  await page.getByRole('link', { name: 'Open the file' }).click();
  await page.getByText('This file cannot be read').waitFor();
  await page.getByRole('button', { name: '4:3' }).waitFor();
  expect(await readEditor(page)).not.toContain('MDEyMzQ1');
  await changeEditor(page, (text) => text.replace('"files": 3 }', '"files": 3 },'));
  await until('no fault', async () => (await page.getByRole('button', { name: '4:3' }).count()) === 0);
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved', { exact: true }).waitFor();
  expect(read()).toBe(TEXT);

  write(TEXT.replace('"files": 3', '"files": 3, "colour": "green"'));
  await page.getByRole('link', { name: 'Settings', exact: true }).click();
  await page.getByRole('heading', { name: 'Unknown settings' }).waitFor();
  await page
    .getByText('"green"')
    .or(page.getByText('green', { exact: true }))
    .waitFor();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Remove logs.colour' }).click();
  await page.getByRole('button', { name: 'Save' }).click();
  await until('taken out', () => !read().includes('colour'));
  expect(read()).toContain('// first');
  expect(read()).toContain(SECRET);
});

test.skipIf(noBrowser)('changes of two people in different places are put together', async () => {
  const { gateway, write, read } = await startWith(TEXT);
  const page = await openView(gateway, '#/config/text');
  await changeEditor(page, (text) => text.replace('// first', '// mine'));
  write(TEXT.replace('"url": "http://127.0.0.1:9/hook"', '"url": "http://127.0.0.1:9/other"'));
  await page.getByRole('button', { name: 'Merge' }).click();
  await page.getByRole('button', { name: 'Save' }).click();
  await until('both', () => read().includes('// mine') && read().includes('9/other') && read().includes(SECRET));
});
