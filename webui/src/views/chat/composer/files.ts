/** Files of the next message. They are uploaded at once, so that they survive a reload as the draft does. */
import { effect, signal } from '@preact/signals';
import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import type { AttachmentNote } from '../../../../../shared/api/attachments.js';
import { FILE_LIMITS } from '../../../../../shared/file-limits.js';
import { ApiError, apiPath, call, isTemporary, request } from '../../../api/client.js';
import { isCopyMode, NotDone } from '../../../api/copy-mode.js';
import { askBeforeLeaving } from '../../../browser/leaving.js';
import { newKey } from '../../../browser/new-key.js';
import { saveFile } from '../../../browser/save-file.js';
import { whenIdle } from '../../../browser/when-idle.js';
import { errorText } from '../../../components/feedback/error-words.js';
import { attempt, showToast } from '../../../components/toast/toast.js';
import { keepInTab, onSettingChanged, readInTab, readJson, writeInTab } from '../../../settings.js';
import { NEW } from '../model/outbox.js';
import { t } from '../text.js';

export interface FileNote extends AttachmentNote {
  /** The time of its upload; undefined for a file that was sent. */
  readonly atMs?: number | undefined;
}

export interface DraftFile extends Omit<FileNote, 'id'> {
  readonly key: string;
  /** Undefined until it is uploaded. */
  readonly id: string | undefined;
  /** The content to upload. */
  readonly file?: File | undefined;
  /** Why it could not be uploaded, or that it is deleted. */
  readonly error?: string | undefined;
  /** It is uploaded again only on request. */
  readonly isRefused?: boolean;
}

const settingName = (session: string): string => `files.${session}`;

const draftOfNote = (note: FileNote): DraftFile => ({
  ...note,
  key: note.id,
  error: Date.now() - (note.atMs ?? Infinity) > FILE_LIMITS.unsentTtlMs ? t('fileGone') : undefined,
});

function readDraftFiles(session: string): DraftFile[] {
  return (readJson<FileNote[]>(settingName(session), readInTab) ?? []).map(draftOfNote);
}

/** Returns the files that are uploaded, as a message refers to them. */
const notesOf = (files: readonly (FileNote | DraftFile)[]): FileNote[] =>
  files.flatMap(({ id, name, mediaType, size, atMs }) => (id === undefined ? [] : [{ id, name, mediaType, size, atMs }]));

function writeDraftFiles(session: string, files: readonly (FileNote | DraftFile)[]): void {
  const notes = notesOf(files);
  writeInTab(settingName(session), notes.length === 0 ? undefined : JSON.stringify(notes));
}

/** Loaded when the browser is idle, because it is not part of a chat's first load. @throws ApiError of a temporary failure */
const loadFileData = () =>
  import('./file-data.js').catch(() => {
    throw new ApiError({ method: 'GET', path: '' }, 0, {});
  });

/** Returns the name of a file; pasted files often have none. */
const nameOf = (file: File): string =>
  (file.name === '' ? t('pastedFile') : file.name)
    .replace(/\p{Cc}/gu, ' ')
    .slice(-200)
    .replace(/^\p{Surrogate}/u, '');

const draftOf = (file: File): DraftFile => ({
  key: newKey(),
  id: undefined,
  name: nameOf(file),
  mediaType: file.type,
  size: file.size,
  file,
});

async function upload(session: string, key: string, file: File): Promise<FileNote> {
  const isCopied = isCopyMode.peek();
  const { base64Of } = await loadFileData();
  const place = filesOf(session).findIndex((each) => each.key === key);
  const data = await base64Of(file, FILE_LIMITS, place);
  // The mode may have ended while the file was read.
  if (isCopied) isCopyMode.value = true;
  const body = { name: nameOf(file), data, ...(file.type === '' ? {} : { mediaType: file.type }) };
  return (await call<{ attachment: FileNote }>('POST', apiPath('/api/sessions/:key/attachments', { key: session }), { body })).attachment;
}

/** Files of the next message, by session: an upload continues while something else is shown. */
const drafts = signal<Readonly<Record<string, readonly DraftFile[]>>>({});

const filesOf = (session: string): readonly DraftFile[] => drafts.peek()[session] ?? readDraftFiles(session);

const isWaiting = ({ id }: DraftFile): boolean => id === undefined;

effect(() => (Object.values(drafts.value).flat().some(isWaiting) ? askBeforeLeaving() : undefined));

function changeFiles(session: string, edit: (now: readonly DraftFile[]) => readonly DraftFile[]): void {
  drafts.value = { ...drafts.peek(), [session]: edit(filesOf(session)) };
  writeDraftFiles(session, filesOf(session));
}

const changeFile = (session: string, key: string, change: Partial<DraftFile>): void =>
  changeFiles(session, (now) => now.map((each) => (each.key === key ? { ...each, ...change } : each)));

const takeOut = (session: string, key: string): void => changeFiles(session, (now) => now.filter((each) => each.key !== key));

/** Uploads a file of the draft; after a failure, it stays there, or goes to a new chat as the text of a deleted session does. */
async function uploadOne(session: string, draft: DraftFile): Promise<void> {
  const { key, file } = draft;
  if (file === undefined) return;
  changeFile(session, key, { error: undefined });
  try {
    changeFile(session, key, { ...(await upload(session, key, file)), file: undefined, atMs: Date.now() });
  } catch (error) {
    const isGone = error instanceof ApiError && error.code === 'SESSION_NOT_FOUND';
    if (isGone || error instanceof NotDone) takeOut(session, key);
    else changeFile(session, key, { error: errorText(error), isRefused: !isTemporary(error) });
    if (isGone) changeFiles(NEW, (now) => [...now, { ...draft, error: undefined }]);
  }
}

function uploadEach(session: string, files: readonly DraftFile[]): void {
  for (const file of files) void uploadOne(session, file);
}

/** Retries failed uploads to sessions. Called on each new connection. */
export function uploadFailed(): void {
  for (const [session, files] of Object.entries(drafts.peek())) {
    if (session !== NEW)
      uploadEach(
        session,
        files.filter(({ error, isRefused }) => error !== undefined && isRefused !== true),
      );
  }
}

export const hasNewFiles = (): boolean => filesOf(NEW).length > 0;

/** @param error  why the files of a new chat cannot be uploaded; undefined while that is tried */
export function markNewFiles(error: string | undefined): void {
  changeFiles(NEW, (now) => now.map((each) => ({ ...each, error })));
}

/** Uploads the files of a new chat to its session. */
export function moveNewFiles(session: string): void {
  const files = filesOf(NEW);
  changeFiles(NEW, () => []);
  changeFiles(session, (now) => [...now, ...files]);
  uploadEach(session, files);
}

export interface DraftFiles {
  readonly files: readonly DraftFile[];
  /** Whether some files are not uploaded, or deleted since. */
  readonly isBusy: boolean;
  /** @param isKept  whether files for which there is no room stay until there is: a recording is nowhere else */
  readonly add: (files: readonly File[], isKept?: boolean) => void;
  readonly retry: (file: DraftFile) => void;
  readonly remove: (key: string) => void;
  /** Removes the uploaded files from the draft and returns them. */
  readonly take: () => readonly FileNote[];
  /** Puts back the files of a message that was not sent. */
  readonly putBack: (files: readonly FileNote[]) => void;
}

/** @param start  uploads files of the draft; that of a new chat creates the session first */
export function useDraftFiles(session: string, start = (files: readonly DraftFile[]): void => uploadEach(session, files)): DraftFiles {
  useEffect(() => whenIdle(() => void loadFileData().catch(() => undefined)), []);
  // Before the paint. Another tab may have changed what is stored, and may do so again.
  useLayoutEffect(() => {
    const takeOver = (): void => {
      drafts.value = { ...drafts.peek(), [session]: [...readDraftFiles(session), ...filesOf(session).filter(isWaiting)] };
    };
    takeOver();
    const name = settingName(session);
    const stops = [keepInTab(name), onSettingChanged(name, takeOver)];
    return () => stops.forEach((stop) => stop());
  }, [session]);
  const files = drafts.value[session] ?? [];
  return {
    files,
    isBusy: files.some((file) => isWaiting(file) || file.error !== undefined),
    add(added, isKept = false) {
      const room = FILE_LIMITS.maxPerMessage - filesOf(session).length;
      const made = added.map(draftOf).filter((_, index) => index < room || isKept);
      if (added.length > made.length) showToast({ text: t('tooManyFiles', { count: FILE_LIMITS.maxPerMessage }), kind: 'error' });
      changeFiles(session, (now) => [...now, ...made]);
      start(made);
    },
    retry: (file) => start([file]),
    remove(key) {
      const gone = files.find((each) => each.key === key);
      takeOut(session, key);
      // After a failure, the gateway deletes the file a day later.
      if (gone?.id !== undefined) call('DELETE', apiPath('/api/attachments/:id', { id: gone.id })).catch(() => undefined);
    },
    take() {
      const ready = notesOf(files);
      changeFiles(session, () => []);
      return ready;
    },
    putBack: (more) => changeFiles(session, (now) => [...now, ...more.map(draftOfNote)]),
  };
}

/** Returns the address of a file while the component is shown; undefined until it is loaded. */
export function useFileAddress(id: string | undefined): string | undefined {
  const [address, setAddress] = useState<string | undefined>(undefined);
  useEffect(() => {
    if (id === undefined) return undefined;
    let made: string | undefined;
    const stop = new AbortController();
    readFile(id, stop.signal).then(
      (blob) => {
        if (stop.signal.aborted) return;
        made = URL.createObjectURL(blob);
        setAddress(made);
      },
      () => undefined,
    );
    return () => {
      stop.abort();
      if (made !== undefined) URL.revokeObjectURL(made);
    };
  }, [id]);
  return address;
}

async function readFile(id: string, signal?: AbortSignal): Promise<Blob> {
  const path = apiPath('/api/attachments/:id', { id });
  const response = await request({ method: 'GET', path, signal });
  return response.blob();
}

export async function downloadFile({ id, name, mediaType }: FileNote): Promise<void> {
  await attempt(async () => saveFile({ name, type: mediaType, parts: [await readFile(id)] }));
}

export const isSound = ({ mediaType }: { readonly mediaType: string }): boolean => mediaType.startsWith('audio/');

/** Whether a message has recordings without a transcript. */
export function isUnheard({
  content,
  attachments = [],
}: {
  readonly content: string;
  readonly attachments?: readonly FileNote[] | undefined;
}): boolean {
  return attachments.some(isSound) && !/^\[transcript\] /m.test(content);
}

export const isPicture = ({ mediaType }: { readonly mediaType: string }): boolean => mediaType.startsWith('image/');
