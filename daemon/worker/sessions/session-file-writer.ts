/** Writes a session as a file, piece by piece: at most a page of messages, or one attached file, is in memory. */
import type { AttachmentNote } from '../../../shared/api/attachments.js';
import type { SessionFile } from '../../../shared/api/session-archive.js';
import type { Attachments } from '../files/attachments.js';
import { listAttachments } from '../store/conversations/attachments.js';
import { type Message, readMessagesAfter } from '../store/conversations/messages.js';
import type { Store } from '../store/store.js';

export type FileFormat = 'json' | 'jsonl' | 'markdown';
export type FileHeader = Omit<SessionFile, 'messages'>;
type FileMessage = SessionFile['messages'][number];

export interface ExportedSession {
  readonly store: Store;
  readonly attachments: Pick<Attachments, 'read'>;
  readonly sessionId: number;
  readonly format: FileFormat;
  readonly header: FileHeader;
}

const PAGE = 200;
/** Divisible by three, so that the base64 of the parts is the base64 of the whole. */
const PIECE_BYTES = 49_152;

interface WrittenMessage {
  readonly message: FileMessage;
  readonly notes: readonly AttachmentNote[];
}

const toFileMessage = ({ role, content, createdAtMs, model, status }: Message): FileMessage => ({
  role,
  content,
  createdAt: new Date(createdAtMs).toISOString(),
  model,
  status,
});

async function* pagesOf({ store, sessionId }: ExportedSession): AsyncGenerator<WrittenMessage[]> {
  let afterSeq = 0;
  for (;;) {
    const { messages, notes } = await store.read(async (tx) => {
      const page = await readMessagesAfter(tx, { sessionId, afterSeq, limit: PAGE });
      const ids = page.map(({ id }) => id);
      return { messages: page, notes: await listAttachments(tx, sessionId, ids) };
    });
    const last = messages.at(-1);
    if (last !== undefined) yield messages.map((message) => ({ message: toFileMessage(message), notes: notes.get(message.id) ?? [] }));
    if (messages.length < PAGE || last === undefined) return;
    afterSeq = last.seq;
  }
}

const NAMES = { user: 'User', assistant: 'Agent', system: 'Gateway', tool: 'Tool' } as const;

function toMarkdown({ message: { role, content, createdAt, model }, notes }: WrittenMessage): string {
  const who = model === null ? NAMES[role] : `${NAMES[role]} (${model})`;
  const files = notes.map(({ name, size }) => `${name.replace(/\s+/g, ' ')} (${size} bytes)`).join(', ');
  return `\n## ${who}, ${createdAt}\n${files === '' ? '' : `\nFiles: ${files}\n`}\n${content}\n`;
}

/** Adds the files of a message to its JSON, one at a time. @throws NOT_FOUND when the session is deleted meanwhile */
async function* withFiles(
  json: string,
  notes: readonly AttachmentNote[],
  attachments: ExportedSession['attachments'],
): AsyncGenerator<string> {
  let between = `${json.slice(0, -1)},"attachments":[`;
  for (const { id, name, mediaType } of notes) {
    const file = await attachments.read(id);
    yield `${between}${JSON.stringify({ name, mediaType }).slice(0, -1)},"data":"`;
    for (let at = 0; at < file.content.length; at += PIECE_BYTES) yield file.content.subarray(at, at + PIECE_BYTES).toString('base64');
    between = '"},';
  }
  yield '"}]}';
}

/** The start and end of a file, and the separator before each message. */
const FRAMES: Readonly<
  Record<Exclude<FileFormat, 'markdown'>, { begin(header: FileHeader): string; first: string; next: string; end: string }>
> = {
  json: { begin: (header) => `${JSON.stringify(header).slice(0, -1)},"messages":[`, first: '\n', next: ',\n', end: '\n]}\n' },
  // Without the time and origin of the export, so that an imported file is exported again byte for byte.
  jsonl: {
    begin: ({ channel: _channel, exportedAt: _exportedAt, ...header }) => JSON.stringify(header),
    first: '\n',
    next: '\n',
    end: '\n',
  },
};

async function* writeMarkdown(exported: ExportedSession): AsyncGenerator<string> {
  yield `# ${exported.header.title.replace(/\s+/g, ' ')}\n`;
  for await (const page of pagesOf(exported)) yield page.map(toMarkdown).join('');
}

async function* writeJson(exported: ExportedSession, format: 'json' | 'jsonl'): AsyncGenerator<string> {
  const frame = FRAMES[format];
  let pending = frame.begin(exported.header);
  let before = frame.first;
  for await (const page of pagesOf(exported)) {
    for (const { message, notes } of page) {
      const json = JSON.stringify(message);
      pending += before;
      before = frame.next;
      if (notes.length === 0) pending += json;
      else {
        yield pending;
        pending = '';
        yield* withFiles(json, notes, exported.attachments);
      }
    }
    yield pending;
    pending = '';
  }
  yield pending + frame.end;
}

/** Returns the file's text. Fails with NOT_FOUND in the middle if a session with files is deleted in the meantime. */
export function writeSession(exported: ExportedSession): AsyncGenerator<string> {
  return exported.format === 'markdown' ? writeMarkdown(exported) : writeJson(exported, exported.format);
}
