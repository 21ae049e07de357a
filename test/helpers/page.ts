/** The page of a real gateway in a real browser. */
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { type OpenOptions, openPage } from './browser.js';
import type { RealGateway } from './real-gateway.js';

export function tokenOf(gateway: RealGateway): string {
  return readFileSync(join(gateway.xopcHome, 'credentials', 'token'), 'utf8').trim();
}

/** Opens a view, signed in. @param hash  `#/logs?q=x` */
export function openView(gateway: RealGateway, hash: string, options: OpenOptions = {}): Promise<Page> {
  return openPage(`${gateway.url}/${hash}`, { token: tokenOf(gateway), ...options });
}

/** A call of the API with the token. @param route  `POST /api/cron/create` @returns the JSON document */
export async function callApi<Answer>(gateway: RealGateway, route: string, body?: unknown): Promise<Answer> {
  const [method = 'GET', path = ''] = route.split(' ');
  const response = await fetch(gateway.url + path, {
    method,
    headers: { Authorization: `Bearer ${tokenOf(gateway)}`, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${route}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Answer;
}

/** Presses a button in the page itself, if it is there: it may be about to go of its own accord. */
export function pressIfThere(button: Locator): Promise<void> {
  return button.evaluateAll((buttons: unknown[]): void => buttons.forEach((found) => (found as { click(): void }).click()));
}

/** The page may be about to try of its own accord, and then there is no button any more. */
export function tryNow(page: Page): Promise<void> {
  return pressIfThere(page.getByRole('button', { name: /^(Try now|立即重试)$/ }));
}

/** Presses keys one after another, without waiting for the page between them: a shortcut of two keys has a time limit. */
export async function pressInTurn(page: Page, ...keys: string[]): Promise<void> {
  await Promise.all(keys.map((key) => page.keyboard.press(key)));
}

/** Writes lines as the gateway's own writers do. */
export function appendLog(gateway: RealGateway, ...entries: Record<string, unknown>[]): void {
  const lines = entries.map((entry) => `${JSON.stringify({ level: 'info', time: new Date().toISOString(), ...entry })}\n`);
  appendFileSync(gateway.logPath, lines.join(''));
}

/** Returns what the editor of the configuration file shows; once it shows something. */
export async function readEditor(page: Page): Promise<string> {
  await page.locator('.cm-line').first().waitFor();
  return (await page.locator('.cm-line').allTextContents()).join('\n');
}

/** Changes the text in the editor of the configuration file, by pasting: browsers put styles of their own on longer text that is typed. */
export async function changeEditor(page: Page, change: (text: string) => string): Promise<void> {
  const text = change(await readEditor(page));
  await page.getByRole('textbox', { name: /^(File|文件)$/ }).press('Control+a');
  await page.evaluate(`(() => {
    const data = new DataTransfer();
    data.setData('text/plain', ${JSON.stringify(text)});
    const content = document.querySelector('.code-editor').shadowRoot.querySelector('.cm-content');
    content.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
  })()`);
}
