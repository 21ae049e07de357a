/** Writes a session as a file, piece by piece: no more of it is in memory than a page of messages, or one of its files. */
import type { SessionFile } from '../../../shared/api/session-archive.js';
import { type AttachmentNote, hasAttachments, listAttachments } from '../store/conversations/attachments.js';
import { readMessagesAfter } from '../store/conversations/messages.js';
import type { MessageRow, SessionRow } from '../store/schema.js';
import type { Store } from '../store/store.js';
import type { Attachments } from '../files/attachments.js';
import type { Transaction } from '../store/transaction.js';

export type FileFormat = 'json' | 'jsonl' | 'markdown';
export type FileHeader = Omit<SessionFile, 'messages'>;
type FileMessage = SessionFile['messages'][number];

export interface Written {
  readonly store: Store;
  readonly attachments: Pick<Attachments, 'read'>;
  readonly session: SessionRow;
  readonly format: FileFormat;
  readonly header: FileHeader;
}

const PAGE = 200;
/** Divisible by three: so base64 of parts is base64 of the whole. */
const PIECE_BYTES = 49_152;

interface FilePage {
  readonly rows: readonly MessageRow[];
  readonly notes: readonly AttachmentNote[];
}

async function readPage(tx: Transaction, sessionId: number, afterSeq: number): Promise<FilePage> {
  const rows = await readMessagesAfter(tx, { sessionId, afterSeq, limit: PAGE });
  const ids = rows.map(({ id }) => id);
  return { rows, notes: ids.length > 0 && (await hasAttachments(tx, sessionId)) ? await listAttachments(tx, sessionId, ids) : [] };
}

async function* pagesOf(store: Store, sessionId: number): AsyncGenerator<FilePage> {
  let afterSeq = 0;
  for (;;) {
    const page = await store.read((tx) => readPage(tx, sessionId, afterSeq));
    if (page.rows.length > 0) yield page;
    const last = page.rows.at(-1);
    if (page.rows.length < PAGE || last === undefined) return;
    afterSeq = last.seq;
  }
}

const toFileMessage = ({ role, content, created_at: atMs, model, status }: MessageRow): FileMessage => ({
  role,
  content,
  createdAt: new Date(atMs).toISOString(),
  model,
  status,
});

const NAMES = { user: 'User', assistant: 'Agent', system: 'Gateway', tool: 'Tool' } as const;

function toMarkdown({ role, content, createdAt, model }: FileMessage, notes: readonly AttachmentNote[]): string {
  const who = model === null ? NAMES[role] : `${NAMES[role]} (${model})`;
  const files = notes.map(({ name, size }) => `${name.replace(/\s+/g, ' ')} (${size} bytes)`).join(', ');
  return `\n## ${who}, ${createdAt}\n${files === '' ? '' : `\nFiles: ${files}\n`}\n${content}\n`;
}

/** Its files stand in a message as they come: none waits for another. One that went with its session meanwhile is left out. */
async function* withFiles(json: string, notes: readonly AttachmentNote[], attachments: Written['attachments']): AsyncGenerator<string> {
  let between = `${json.slice(0, -1)},"attachments":[`;
  for (const { id, name, mediaType } of notes) {
    const file = await attachments.read(id);
    yield `${between}${JSON.stringify({ name, mediaType }).slice(0, -1)},"data":"`;
    for (let at = 0; at < file.content.length; at += PIECE_BYTES) yield file.content.subarray(at, at + PIECE_BYTES).toString('base64');
    between = '"},';
  }
  yield '"}]}';
}

/** What begins and ends a file, and what stands before and behind each message of it. */
const FRAMES: Readonly<
  Record<Exclude<FileFormat, 'markdown'>, { begin(header: FileHeader): string; first: string; next: string; end: string }>
> = {
  json: { begin: (header) => `${JSON.stringify(header).slice(0, -1)},"messages":[`, first: '\n', next: ',\n', end: '\n]}\n' },
  // Nothing of when and where it was written: what is read from it is written again byte for byte.
  jsonl: {
    begin: ({ channel: _channel, exportedAt: _exportedAt, ...header }) => JSON.stringify(header),
    first: '\n',
    next: '\n',
    end: '\n',
  },
};

async function* writeMarkdown({ store, session, header }: Written): AsyncGenerator<string> {
  yield `# ${header.title.replace(/\s+/g, ' ')}\n`;
  for await (const { rows, notes } of pagesOf(store, session.id)) {
    yield rows
      .map((row) =>
        toMarkdown(
          toFileMessage(row),
          notes.filter(({ messageId }) => messageId === row.id),
        ),
      )
      .join('');
  }
}

async function* writeJson(written: Written, format: 'json' | 'jsonl'): AsyncGenerator<string> {
  const { store, attachments, session, header } = written;
  const frame = FRAMES[format];
  let pending = frame.begin(header);
  let before = frame.first;
  for await (const { rows, notes } of pagesOf(store, session.id)) {
    for (const row of rows) {
      const json = JSON.stringify(toFileMessage(row));
      const own = notes.filter(({ messageId }) => messageId === row.id);
      pending += before;
      before = frame.next;
      if (own.length === 0) pending += json;
      else {
        yield pending;
        pending = '';
        yield* withFiles(json, own, attachments);
      }
    }
    yield pending;
    pending = '';
  }
  yield pending + frame.end;
}

/** @returns the file's text. It throws NOT_FOUND in the middle where the session is deleted meanwhile, and has files */
export function writeSession(written: Written): AsyncGenerator<string> {
  return written.format === 'markdown' ? writeMarkdown(written) : writeJson(written, written.format);
}
