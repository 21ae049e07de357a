/** Files of a message, which can be saved, and files of the draft, which can be removed. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { IconButton } from '../../../components/button/button.js';
import { Spinner } from '../../../components/feedback/feedback.js';
import { FileInput } from '../../../components/field/field.js';
import { Icon } from '../../../components/icon/icon.js';
import { saveFile } from '../../../browser/save-file.js';
import { bytesText } from '../../../components/time-text/time-text.js';
import { downloadFile, type DraftFile, type FileNote, isPicture, isSound, useFileAddress } from './files.js';
import { t } from '../text.js';

function Picture({ id, name }: { id: string; name: string }) {
  const address = useFileAddress(id);
  return address === undefined ? <Icon name="file" size={16} /> : <img src={address} alt={name} />;
}

function FileIcon({ file }: { file: { readonly mediaType: string } }) {
  return <Icon name={isSound(file) ? 'microphone' : 'file'} size={16} />;
}

function DraftIcon({ file }: { file: DraftFile }) {
  if (file.id === undefined && file.error === undefined) return <Spinner />;
  return isPicture(file) && file.id !== undefined ? <Picture id={file.id} name="" /> : <FileIcon file={file} />;
}

export function MessageFiles({ files }: { files: readonly FileNote[] }) {
  return (
    <ul class="files" aria-label={t('files')}>
      {files.map((file) => (
        <li key={file.id}>
          <button
            type="button"
            class={isPicture(file) ? 'file picture' : 'file'}
            title={t('saveFile', { name: file.name })}
            aria-label={isPicture(file) ? t('saveFile', { name: file.name }) : undefined}
            onClick={() => void downloadFile(file)}
          >
            {isPicture(file) ? <Picture id={file.id} name={file.name} /> : <FileIcon file={file} />}
            {!isPicture(file) && (
              <span>
                {file.name} <span class="hint">{bytesText(file.size)}</span>
              </span>
            )}
          </button>
        </li>
      ))}
    </ul>
  );
}

interface FileChipsProps {
  readonly files: readonly DraftFile[];
  readonly onRetry: (file: DraftFile) => void;
  readonly onRemove: (key: string) => void;
}

/** The actions for a file that could not be uploaded and exists only here. */
function FailedActions({ file, content, onRetry }: { file: DraftFile; content: File; onRetry: FileChipsProps['onRetry'] }) {
  const { name, mediaType } = file;
  return (
    <>
      <IconButton icon="retry" label={t('retryFile', { name })} onClick={() => onRetry(file)} />
      <IconButton icon="download" label={t('saveFile', { name })} onClick={() => saveFile({ name, type: mediaType, parts: [content] })} />
    </>
  );
}

export function FileChips({ files, onRetry, onRemove }: FileChipsProps) {
  if (files.length === 0) return null;
  return (
    <ul class="files drafts" aria-label={t('attached')}>
      {files.map((file) => (
        <li key={file.key} class={file.error === undefined ? 'file' : 'file failed'}>
          <DraftIcon file={file} />
          <span class="file-name">{file.name}</span>
          <span class="hint">{bytesText(file.size)}</span>
          <span class="file-actions">
            {file.error !== undefined && file.file !== undefined && <FailedActions file={file} content={file.file} onRetry={onRetry} />}
            <IconButton icon="close" label={t('removeFile', { name: file.name })} onClick={() => onRemove(file.key)} />
          </span>
          {file.error !== undefined && (
            <span class="hint why" role="alert">
              {file.error}
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}

const TYPES = 'image/png,image/jpeg,image/gif,image/webp,text/*,.md,.json,.csv,.log,.yml,.yaml,.toml,.ts,.tsx,.js,.py,.sh,.go,.rs,.sql';

export function AttachButton({ onFiles }: { onFiles: (files: readonly File[]) => void }) {
  return (
    <FileInput accept={TYPES} isMultiple onFiles={onFiles}>
      {(open) => <IconButton icon="attach" label={t('attach')} onClick={open} />}
    </FileInput>
  );
}

const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') === true;

/** @param props.onFiles  undefined: files are not accepted */
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
