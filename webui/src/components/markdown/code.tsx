/** A block of code with its language, a button that wraps long lines, and one that copies. */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { copyText } from '../../browser/copy.js';
import { whenIdle } from '../../browser/when-idle.js';
import { t } from '../../shell/text.js';

/** Growing code is coloured again at this interval, longer code less often. Text that arrives in between is plain until then. */
const COLOUR_MS = 300;
const CHARACTERS_PER_MS = 20;

/** Plain code is readable, so the colours, and the code for them, wait until the browser is idle. */
async function colour(code: HTMLElement): Promise<void> {
  await new Promise<void>(whenIdle);
  const { highlight } = await import('./highlight.js');
  highlight(code);
}

/** Colours code at once when it is shown, and again as it grows. */
function useColours(element: { readonly current: HTMLElement | null }, text: string): void {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const nextAtMs = useRef(0);
  useEffect(() => {
    if (timer.current !== undefined) return;
    const colourAll = (): void => {
      timer.current = undefined;
      const code = element.current;
      if (code === null || code.className === '') return;
      nextAtMs.current = performance.now() + Math.max(COLOUR_MS, (code.textContent ?? '').length / CHARACTERS_PER_MS);
      // Without a connection the code stays plain.
      colour(code).catch(() => undefined);
    };
    timer.current = setTimeout(colourAll, Math.max(0, nextAtMs.current - performance.now()));
  }, [text]);
  useEffect(() => () => clearTimeout(timer.current), []);
}

/** The element's text is not rendered by the component, because it is coloured in place: added text is appended. */
function useGrowingText(element: { readonly current: HTMLElement | null }, text: string): void {
  const shown = useRef<{ readonly code: HTMLElement | null; readonly text: string }>({ code: null, text: '' });
  useLayoutEffect(() => {
    const code = element.current;
    const before = shown.current.code === code ? shown.current.text : '';
    shown.current = { code, text };
    if (code === null || text === before) return;
    if (text.startsWith(before)) code.append(text.slice(before.length));
    else code.textContent = text;
  });
}

/** @param props.language  what follows the fence */
export function Code({ language = '', text }: { language?: string | undefined; text: string }) {
  const element = useRef<HTMLElement>(null);
  const [isWrapped, setWrapped] = useState(false);
  const [name = ''] = /^[\w+#.-]{1,30}(?!\S)/.exec(language) ?? [];
  useGrowingText(element, text);
  useColours(element, text);
  return (
    <div class={isWrapped ? 'code-frame wraps' : 'code-frame'}>
      <div class="code-head">
        <span>{name}</span>
        <button type="button" class="button quiet" aria-pressed={isWrapped} onClick={() => setWrapped(!isWrapped)}>
          {t('wrap')}
        </button>
        <button type="button" class="button quiet" onClick={() => void copyText(text)}>
          {t('copy')}
        </button>
      </div>
      <pre tabIndex={0}>
        <code key={name} ref={element} class={name === '' ? undefined : `language-${name}`} />
      </pre>
    </div>
  );
}
