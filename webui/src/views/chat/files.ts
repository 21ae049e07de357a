/** Files that go with the next message: kept by the gateway at once, so that they survive a reload as the draft does. */
import { signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { FILE_LIMITS } from '../../../../shared/file-limits.js';
import { apiPath, call, request } from '../../api/client.js';
import { errorText } from '../../components/feedback.js';
import { saveFile } from '../../components/save-file.js';
import { showToast } from '../../components/toast.js';
import { readSetting, writeSetting } from '../../settings.js';
import type { StoredMessage } from './chat-model.js';
import { t } from './text.js';

export type FileNote = NonNullable<StoredMessage['attachments']>[number];

/** `id` is undefined while it is on its way. */
export type DraftFile = Omit<FileNote, 'id'> & { readonly id: string | undefined; readonly key: string };

/** Pictures that were put into a new chat, on their way into its session. */
export const handedOver = signal<{ readonly session: string; readonly files: readonly File[] } | undefined>(undefined);

const settingName = (session: string): string => `files.${session}`;

function readDraftFiles(session: string): DraftFile[] {
  try {
    const notes = JSON.parse(readSetting(settingName(session)) ?? '[]') as FileNote[];
    return notes.map((note) => ({ ...note, key: note.id }));
  } catch {
    return [];
  }
}

export function writeDraftFiles(session: string, files: readonly (FileNote | DraftFile)[]): void {
  const notes = files.flatMap(({ id, name, mediaType, size }) => (id === undefined ? [] : [{ id, name, mediaType, size }]));
  writeSetting(settingName(session), notes.length === 0 ? undefined : JSON.stringify(notes));
}

/** Vendors look at no more of a picture than this. */
const MAX_SIDE_PX = 2_048;
const JPEG_QUALITY = 0.86;

/** A photograph as large as a camera makes it becomes one as large as a model looks at. What cannot be drawn goes as it is. */
async function shrink(file: File): Promise<Blob> {
  if (!/^image\/(png|jpeg|webp)$/.test(file.type)) return file;
  const picture = await createImageBitmap(file).catch(() => undefined);
  if (picture === undefined) return file;
  const scale = Math.min(1, MAX_SIDE_PX / Math.max(picture.width, picture.height));
  if (scale === 1 && file.size <= FILE_LIMITS.maxImageBytes) return file;
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext('2d')?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob((blob) => resolve(blob ?? file), 'image/jpeg', JPEG_QUALITY));
}

function toBase64(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener('load', () => resolve((reader.result as string).split(',')[1] ?? ''));
    reader.addEventListener('error', () => reject(reader.error ?? new Error(t('fileUnreadable'))));
    reader.readAsDataURL(blob);
  });
}

/** What is pasted often has no name. */
const nameOf = (file: File): string => (file.name === '' ? t('pastedFile') : file.name).replace(/\p{Cc}/gu, ' ').slice(-200);

async function upload(session: string, file: File): Promise<FileNote> {
  const data = await toBase64(await shrink(file));
  const body = { name: nameOf(file), data, ...(file.type === '' ? {} : { mediaType: file.type }) };
  return (await call<{ attachment: FileNote }>('POST', apiPath('/api/sessions/:key/attachments', { key: session }), { body })).attachment;
}

export interface DraftFiles {
  readonly files: readonly DraftFile[];
  readonly isBusy: boolean;
  readonly add: (files: readonly File[]) => void;
  readonly remove: (key: string) => void;
  /** @returns what is ready, which is no draft any more */
  readonly take: () => readonly FileNote[];
  /** Puts files of a message back that was not sent. */
  readonly putBack: (files: readonly FileNote[]) => void;
}

export function useDraftFiles(session: string | undefined): DraftFiles {
  const [files, setFiles] = useState<readonly DraftFile[]>(() => (session === undefined ? [] : readDraftFiles(session)));
  useEffect(() => {
    if (session !== undefined) writeDraftFiles(session, files);
  }, [files]);
  const addOne = async (file: File): Promise<void> => {
    const key = crypto.getRandomValues(new Uint32Array(2)).join('-');
    setFiles((now) => [...now, { key, id: undefined, name: nameOf(file), mediaType: file.type, size: file.size }]);
    try {
      const note = await upload(session ?? '', file);
      setFiles((now) => now.map((each) => (each.key === key ? { ...note, key } : each)));
    } catch (error) {
      setFiles((now) => now.filter((each) => each.key !== key));
      showToast({ text: errorText(error), kind: 'error' });
    }
  };
  const add = (added: readonly File[]): void => {
    const room = FILE_LIMITS.maxPerMessage - files.length;
    if (added.length > room) showToast({ text: t('tooManyFiles', { count: FILE_LIMITS.maxPerMessage }), kind: 'error' });
    for (const file of added.slice(0, room)) void addOne(file);
  };
  useEffect(() => {
    const given = handedOver.peek();
    if (given === undefined || given.session !== session) return;
    handedOver.value = undefined;
    add(given.files);
  }, [session]);
  return {
    files,
    isBusy: files.some(({ id }) => id === undefined),
    add,
    remove(key) {
      const gone = files.find((each) => each.key === key);
      setFiles(files.filter((each) => each.key !== key));
      // Whether it is forgotten now or in a day makes no difference to anybody.
      if (gone?.id !== undefined) call('DELETE', apiPath('/api/attachments/:id', { id: gone.id })).catch(() => undefined);
    },
    take() {
      const ready = files.flatMap(({ key: _key, id, ...file }) => (id === undefined ? [] : [{ id, ...file }]));
      setFiles([]);
      return ready;
    },
    putBack: (more) => setFiles([...files, ...more.map((note) => ({ ...note, key: note.id }))]),
  };
}

/** @returns the address of a file for the time that the component is shown; undefined until it is there */
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
  const response = await request({ method: 'GET', path, ...(signal === undefined ? {} : { signal }) });
  return response.blob();
}

export async function downloadFile({ id, name, mediaType }: FileNote): Promise<void> {
  try {
    saveFile({ name, type: mediaType, parts: [await readFile(id)] });
  } catch (error) {
    showToast({ text: errorText(error), kind: 'error' });
  }
}

export const isPicture = ({ mediaType }: { readonly mediaType: string }): boolean => mediaType.startsWith('image/');
