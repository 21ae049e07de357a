/** Looks at every state of a chat on the page: of an answer made of numbered parts, none may vanish and none come twice. */
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import type { PageWorld } from './page-world.js';
import { callApi } from './page.js';

export const PARTS = Array.from({ length: 60 }, (_value, index) => `part${index} `);
export const ANSWER = PARTS.join('').trim();

/** Runs in the page, from its beginning. What is only told to a screen reader is beside what is shown. */
const WATCH = `
  window.answerFaults = [];
  let most = 0;
  const look = () => {
    const parts = document.querySelector('.said')?.textContent.match(/part\\d+/g) ?? [];
    if (new Set(parts).size < parts.length) window.answerFaults.push('doubled: ' + parts.join(' '));
    if (parts.some((part, index) => part !== 'part' + index)) window.answerFaults.push('a gap: ' + parts.join(' '));
    if (parts.length < most) window.answerFaults.push('vanished: ' + most + ' were there, now ' + parts.length);
    most = Math.max(most, parts.length);
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
`;

export async function watchAnswer(page: Page): Promise<void> {
  await page.addInitScript(WATCH);
  await page.reload();
}

/** The text on the page is what is stored, and what the model said; at no time was anything of it gone or there twice. */
export async function expectWhole(page: Page, { gateway }: PageWorld): Promise<void> {
  const key = decodeURIComponent(page.url().split('#/chat/')[1] ?? '');
  const { messages } = await callApi<{ messages: { role: string; content: string }[] }>(
    gateway,
    `GET /api/sessions/${encodeURIComponent(key)}`,
  );
  expect(messages.map(({ role, content }) => `${role}: ${content.trim()}`)).toEqual(['user: Count', `assistant: ${ANSWER}`]);
  const shown = await page.getByRole('article', { name: 'Agent' }).allInnerTexts();
  expect(shown.map((text) => (text.match(/part\d+/g) ?? []).join(' '))).toEqual([ANSWER]);
  expect(await page.evaluate('window.answerFaults')).toEqual([]);
}
