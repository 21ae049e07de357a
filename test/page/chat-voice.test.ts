/** Voice messages: recorded by button and by key, cancelled, refused, transcribed, and tried again. Chromium has a microphone that beeps. */
import { expect, test } from 'vitest';
import { startFakeTranscriber } from '../fakes/openai/transcriptions.js';
import { expectAccessible, noBrowser, openPage } from '../helpers/browser.js';
import { callApi, openView } from '../helpers/page.js';
import { type PageWorld, startPageWorld } from '../helpers/page-world.js';

/** What the model was asked last. Its answer is announced on the page before that. */
const lastAsked = ({ requests }: PageWorld['model']): string => requests.at(-1)?.messages.at(-1)?.content ?? '';

test.skipIf(noBrowser)(
  'a voice message is recorded, transcribed and answered; a failed one is heard when it is asked again',
  { tags: ['long'] },
  async () => {
    const transcriber = await startFakeTranscriber();
    const { gateway, model } = await startPageWorld({}, { ears: { baseUrl: transcriber.baseUrl, models: [{ id: 'w' }] } });
    const page = await openPage(gateway.url, { allowedErrors: /ERR_FAILED/ });
    const record = page.getByRole('button', { name: 'Record a voice message' });
    const bar = page.getByRole('group', { name: 'Recording' });
    const chips = page.getByRole('list', { name: 'Attached files' });
    await page.getByRole('button', { name: /^Model:/ }).waitFor();
    expect(await record.count()).toBe(0);
    await callApi(gateway, 'PATCH /api/config', { transcription: { model: 'ears/w' } });
    await expect.poll(() => callApi(gateway, 'GET /api/models')).toMatchObject({ transcription: { model: 'ears/w' } });
    await page.reload();
    await record.waitFor();
    await page.route('**/assets/recording-*.js', (route) => route.abort(), { times: 1 });
    await Promise.all([page.getByText('A part of this page could not be loaded.').waitFor(), record.click()]);
    await page.evaluate(`
    window.ask = navigator.mediaDevices.getUserMedia;
    navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('no', 'NotAllowedError'); };`);
    await Promise.all([page.getByText('The browser does not allow this page to use the microphone.').waitFor(), record.click()]);
    await page.evaluate('navigator.mediaDevices.getUserMedia = window.ask');
    // Escape throws a recording away, and the box has the focus again.
    await record.click();
    await bar.getByRole('timer').waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => page.evaluate('document.activeElement.tagName')).toBe('TEXTAREA');
    expect([await bar.count(), await chips.count()]).toEqual([0, 0]);
    // Enter keeps it: the focus is on that button. The session that a file makes meanwhile does not take its place.
    let letGo = (): void => undefined;
    const isHeld = new Promise<void>((resolve) => (letGo = resolve));
    await page.route('**/api/sessions', (route) => isHeld.then(() => route.continue()), { times: 1 });
    await page.locator('input[type=file]').setInputFiles({ name: 'plan.txt', mimeType: 'text/plain', buffer: Buffer.from('the plan') });
    await record.press('Enter');
    await bar.getByRole('timer').waitFor();
    const isMade = page.waitForResponse('**/api/sessions');
    letGo();
    await isMade;
    await bar
      .getByRole('timer')
      .filter({ hasText: /^0:0[1-9] of/ })
      .waitFor();
    await expectAccessible(page);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Remove voice.webm' }).waitFor();
    await page.getByRole('button', { name: 'Remove plan.txt' }).click();
    transcriber.reply({ text: '' }, { text: 'What do you hear?' });
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    await page.getByText('No words were recognised in the recording.').waitFor();
    expect(transcriber.heard[0]).toMatchObject({ fileName: 'voice.webm', mediaType: 'audio/webm' });
    expect(transcriber.heard[0]?.bytes.subarray(0, 4).toString('hex')).toBe('1a45dfa3');
    await page.getByRole('button', { name: 'Ask again', exact: true }).click();
    const you = page.getByRole('article', { name: 'You' });
    await you.getByText('Transcript What do you hear?').waitFor();
    await page.getByRole('article', { name: 'Agent' }).waitFor();
    expect(await you.getByText('[recording').count()).toBe(0);
    expect(transcriber.heard[1]?.bytes.equals(transcriber.heard[0]?.bytes ?? Buffer.alloc(0))).toBe(true);
    await expect.poll(() => lastAsked(model)).toContain('[recording voice.webm]\n[transcript] What do you hear?');
  },
);

test.skipIf(noBrowser)('a recording that finds eight files stays until one of them is removed', async () => {
  const transcriber = await startFakeTranscriber();
  transcriber.reply({ text: 'What do you hear?' });
  const providers = { ears: { baseUrl: transcriber.baseUrl, models: [{ id: 'w' }] } };
  const { gateway, model } = await startPageWorld({ transcription: { model: 'ears/w' } }, providers);
  const page = await openPage(gateway.url);
  const chips = page.getByRole('list', { name: 'Attached files' });
  const attach = (...numbers: number[]): Promise<void> => {
    const files = numbers.map((number) => ({ name: `${number}.txt`, mimeType: 'text/plain', buffer: Buffer.from(`text ${number}`) }));
    return page.locator('input[type=file]').setInputFiles(files);
  };
  await page.getByRole('button', { name: 'Record a voice message' }).waitFor();
  await attach(1, 2, 3, 4, 5, 6, 7);
  await expect.poll(() => page.url()).toContain('#/chat/main');
  await page.getByRole('button', { name: 'Record a voice message' }).click();
  await page.getByRole('group', { name: 'Recording' }).getByRole('timer').waitFor();
  // The eighth is dropped while it records.
  await page.evaluate(`(() => {
    const data = new DataTransfer();
    data.items.add(new File(['text 8'], '8.txt', { type: 'text/plain' }));
    const box = document.querySelector('textarea');
    for (const kind of ['dragover', 'drop']) box.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: data }));
  })()`);
  await chips.getByText('8.txt').waitFor();
  await page.keyboard.press('Enter');
  await chips.getByRole('alert').getByText('A message can have at most 8 files.').waitFor();
  await page.getByRole('button', { name: 'Save voice.webm' }).waitFor();
  expect(await chips.getByRole('listitem').count()).toBe(9);
  // Anything else is refused.
  await page.evaluate(`(() => {
    const data = new DataTransfer();
    data.items.add(new File(['text 9'], '9.txt', { type: 'text/plain' }));
    document.querySelector('textarea').dispatchEvent(new ClipboardEvent('paste', { bubbles: true, cancelable: true, clipboardData: data }));
  })()`);
  await page.getByRole('status', { name: 'Notices' }).getByText('A message can have at most 8 files.').waitFor();
  await page.getByRole('button', { name: 'Remove 3.txt' }).click();
  await page.getByRole('button', { name: 'Upload voice.webm again' }).click();
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await page.getByRole('article', { name: 'Agent' }).waitFor();
  await expect.poll(() => lastAsked(model)).toContain('7.txt, 8.txt, voice.webm\n[transcript] What do you hear?');
  expect(lastAsked(model)).not.toMatch(/[39]\.txt/);
});

test.skipIf(noBrowser)(
  'a recording is kept whatever is opened meanwhile, and what is only in the tab is not left without a question',
  async () => {
    const transcriber = await startFakeTranscriber();
    transcriber.reply({ text: 'What do you hear?' });
    const providers = { ears: { baseUrl: transcriber.baseUrl, models: [{ id: 'w' }] } };
    const guarded = { gateway: { auth: { enabled: true } }, transcription: { model: 'ears/w' } };
    const { gateway, model } = await startPageWorld(guarded, providers);
    const { session } = await callApi<{ session: { key: string } }>(gateway, 'POST /api/sessions', { chat_id: 'known' });
    const page = await openView(gateway, `#/chat/${encodeURIComponent(session.key)}`, { allowedErrors: /404|401|ERR_FAILED|WebSocket/ });
    const kept = page.getByRole('button', { name: 'Remove voice.webm' });
    const record = async (): Promise<void> => {
      await page.getByRole('button', { name: 'Record a voice message' }).click();
      await page.getByRole('group', { name: 'Recording' }).getByRole('timer').waitFor();
    };
    const newChat = page.getByRole('button', { name: 'New chat', exact: true });
    await record();
    await newChat.click();
    await page.getByText('How can I help?').waitFor();
    await page.goBack();
    await kept.waitFor();
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    await page.getByRole('article', { name: 'Agent' }).waitFor();
    await expect.poll(() => lastAsked(model)).toContain('[recording voice.webm]\n[transcript] What do you hear?');

    // The chat is deleted elsewhere.
    await record();
    await callApi(gateway, `DELETE /api/sessions/${encodeURIComponent(session.key)}`);
    await page.locator('.empty').getByRole('button', { name: 'New chat' }).click();
    await expect.poll(() => page.url()).toContain('#/chat/');
    await kept.waitFor();
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    await page.getByRole('article', { name: 'Agent' }).waitFor();

    const questions: string[] = [];
    const stay = (): Promise<void> =>
      new Promise((resolve) => {
        page.once('dialog', (dialog) => {
          questions.push(dialog.type());
          void dialog.dismiss().then(resolve);
        });
        void page.evaluate('void setTimeout(() => location.reload())');
      });
    await record();
    await stay();
    await page.keyboard.press('Escape');
    await page.route('**/attachments', (route) => route.abort());
    await page.locator('input[type=file]').setInputFiles({ name: 'plan.txt', mimeType: 'text/plain', buffer: Buffer.from('the plan') });
    await page.getByRole('button', { name: 'Remove plan.txt' }).waitFor();
    await stay();
    expect(questions).toEqual(['beforeunload', 'beforeunload']);
    // Whoever signs out wants nothing to stay, and somebody else may be the next at this browser.
    page.on('dialog', (dialog) => void dialog.dismiss());
    await page.getByRole('button', { name: 'Preferences' }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('This gateway requires an access token.').waitFor();
  },
);
