import { expect, onTestFinished, test, vi } from 'vitest';
import { runHook } from '../../helpers/run-hook.js';

const page = Object.assign(new EventTarget(), { documentElement: {}, querySelector: () => null });
vi.stubGlobal('location', new URL('http://localhost:18790/'));
vi.stubGlobal('window', new EventTarget());
vi.stubGlobal('navigator', { language: 'en', platform: 'Linux' });
vi.stubGlobal('document', page);
vi.stubGlobal('HTMLElement', class {});

// By a name that the compiler does not follow: it is code of the browser.
const source = '../../../webui/src/shell/commands.js';
const { listenForKeys, useCommands } = (await import(source)) as {
  listenForKeys(): () => void;
  useCommands(list: readonly { id: string; label: string; keys: string; isStep?: boolean; run: () => void }[]): void;
};

interface Pressed {
  ctrlKey?: boolean;
  metaKey?: boolean;
  altKey?: boolean;
  repeat?: boolean;
  code?: string;
}

function press(key: string, fields: Pressed): Event {
  const flags = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, repeat: false, code: '' };
  const event = Object.assign(new Event('keydown', { cancelable: true }), flags, fields, { key });
  page.dispatchEvent(event);
  return event;
}

test('a key that is held runs its command once, unless that is a step, and is not left to the browser', async () => {
  onTestFinished(listenForKeys());
  const ran: string[] = [];
  await runHook(() =>
    useCommands([
      { id: 'save', label: 'Save', keys: 'mod+s', run: () => ran.push('save') },
      { id: 'next', label: 'Next', keys: 'n', isStep: true, run: () => ran.push('next') },
    ]),
  );
  press('s', { ctrlKey: true });
  expect(press('s', { ctrlKey: true, repeat: true }).defaultPrevented).toBe(true);
  press('n', {});
  press('n', { repeat: true });
  press('s', { ctrlKey: true });
  expect(ran).toEqual(['save', 'next', 'next', 'save']);
});

test('on a keyboard with other letters the place of a key counts, and a modifier that is not meant is another key', async () => {
  onTestFinished(listenForKeys());
  const ran: string[] = [];
  const command = (keys: string) => ({ id: keys, label: keys, keys, run: () => ran.push(keys) });
  await runHook(() => useCommands(['mod+s', 'g s', 'n', 'z'].map(command)));
  press('ы', { ctrlKey: true, code: 'KeyS' });
  press('п', { code: 'KeyG' });
  press('ы', { code: 'KeyS' });
  press('ד', { ctrlKey: true, code: 'KeyS' });
  // AZERTY and QWERTZ have the same letters at other places.
  press('z', { code: 'KeyW' });
  expect(press('n', { metaKey: true, code: 'KeyN' }).defaultPrevented).toBe(false);
  press('х', { code: 'BracketLeft' });
  press('é', { code: 'KeyN' });
  expect(ran).toEqual(['mod+s', 'g s', 'mod+s', 'z']);
});
