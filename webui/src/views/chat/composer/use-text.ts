/** The text in the box: the stored draft, or the message that is being edited. */
import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import { type EditedMessage, keepDraft, keptEdit, readDraft, rescuedFrom, writeDraft, writeEdit } from '../model/outbox.js';

interface TextOptions {
  readonly draftName: string;
  /** The message as it was when its edit began, here or before a reload. */
  readonly editing?: EditedMessage | undefined;
}

export function useText({ draftName, editing }: TextOptions) {
  const [text, setState] = useState(() => readDraft(draftName));
  const show = (): void => setState(editing === undefined ? readDraft(draftName) : keptEdit(draftName, editing).content);
  useLayoutEffect(show, [editing, draftName, rescuedFrom.value]);
  useEffect(() => keepDraft(draftName), [draftName]);
  const setText = (value: string): void => {
    setState(value);
    if (editing === undefined) writeDraft(draftName, value);
    else writeEdit(draftName, { ...keptEdit(draftName, editing), content: value });
  };
  return [text, setText] as const;
}
