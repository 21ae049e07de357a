/** The conversation, onto which files can be dropped. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { t } from './text.js';

const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') === true;

/** @param props.onFiles  undefined: none are taken */
export function FileDrop({ onFiles, children }: { onFiles: ((files: readonly File[]) => void) | undefined; children: ComponentChildren }) {
  const [isOver, setOver] = useState(false);
  const onDragOver = (event: DragEvent): void => {
    if (onFiles === undefined || !hasFiles(event)) return;
    event.preventDefault();
    setOver(true);
  };
  const onDragLeave = (event: DragEvent & { currentTarget: HTMLElement }): void => {
    if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false);
  };
  const onDrop = (event: DragEvent): void => {
    setOver(false);
    if (onFiles === undefined || !hasFiles(event)) return;
    event.preventDefault();
    onFiles([...(event.dataTransfer?.files ?? [])]);
  };
  return (
    <div class="conversation" {...{ onDragOver, onDragLeave, onDrop }}>
      {children}
      {isOver && <p class="drop-here">{t('dropFiles')}</p>}
    </div>
  );
}
