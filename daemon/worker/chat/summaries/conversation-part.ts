/** Reads the part of a conversation that a summary replaces, and formats it as text for a model. */
import type { Attachments } from '../../files/attachments.js';
import { seqBefore } from '../../store/conversations/branches.js';
import { type Message, readMessagesAfter, readNewestMessages } from '../../store/conversations/messages.js';
import type { Store } from '../../store/store.js';
import type { CommandRegistry } from '../../turns/commands/commands.js';
import { quoteLines } from '../../../../shared/channels/markdown.js';
import { estimateTokens, tokensOf } from '../../turns/model/context.js';
import { parseToolUse } from '../../turns/model/past-tool-use.js';
import { contextRole, toolUse } from '../../turns/turn-context.js';

export interface ConversationSource {
  readonly store: Pick<Store, 'read'>;
  readonly commands: CommandRegistry;
  readonly attachments: Pick<Attachments, 'forModel'>;
}

/** Messages in order, as text. */
export interface ConversationPart {
  /** Empty if they contain nothing for a model. */
  readonly text: string;
  readonly last: Message;
}

const PAGE = 100;
/** Kept length of a tool's output, in characters. */
const MAX_OUTPUT = 2_000;
const SPEAKERS = { user: 'User', assistant: 'Agent', tool: 'Tool' } as const;

/** Omits the middle of a text. @param most  length in characters */
function cutMiddle(text: string, most: number): string {
  if (text.length <= most) return text;
  const head = Math.ceil(most * 0.75);
  return `${text.slice(0, head)}\n(a part is omitted)\n${text.slice(head - most)}`.toWellFormed();
}

function contentOf({ content, status }: Message, files: string): string {
  const use = parseToolUse(content);
  if (use === undefined) return content + files;
  return `${status === 'error' ? 'failed: ' : ''}${use.name} ${cutMiddle(use.input, MAX_OUTPUT)}\n${cutMiddle(use.output, MAX_OUTPUT)}`;
}

/** Returns undefined for messages that models do not get: commands, errors, answers of the guide. */
function speakerOf(row: Message, commands: CommandRegistry): keyof typeof SPEAKERS | undefined {
  if (row.role === 'tool') return parseToolUse(row.content) === undefined ? undefined : 'tool';
  return contextRole(row, commands);
}

/** Returns the tokens of the part of a message that models get: of a long result, this is its beginning. */
function tokensGiven(row: Message): number {
  if (row.role !== 'tool') return estimateTokens(row.content);
  return toolUse(row).reduce((sum, item) => sum + tokensOf(item), 0);
}

/** A size of which each limits what a model gets. */
interface ContextSize {
  readonly tokens: number;
  readonly messages: number;
}

/**
 * Returns where the newest messages begin that a model gets verbatim: at a question, so that they make sense by themselves.
 * @param keep  their approximate size; at least the newest question and what follows it
 * @returns the `seq` of the message before them; 0 if there is none
 */
export async function findCut(
  { store, commands }: ConversationSource,
  { sessionId, afterSeq, keep }: { sessionId: number; afterSeq: number; keep: ContextSize },
): Promise<number> {
  let tokens = 0;
  let messages = 0;
  const isFull = (): boolean => tokens > keep.tokens || messages > keep.messages;
  let firstKept: number | undefined;
  let beforeSeq = Number.MAX_SAFE_INTEGER;
  for (;;) {
    const range = { sessionId, limit: PAGE, afterSeq, beforeSeq };
    const page = await store.read((tx) => readNewestMessages(tx, range));
    for (const row of page) {
      const speaker = speakerOf(row, commands);
      if (speaker !== undefined) {
        tokens += tokensGiven(row);
        messages += 1;
      }
      if (isFull() && firstKept !== undefined) break;
      if (speaker === 'user') firstKept = row.seq;
    }
    if ((isFull() && firstKept !== undefined) || page.length < PAGE) break;
    beforeSeq = page.at(-1)?.seq ?? 0;
  }
  const seq = firstKept ?? 0;
  return seq === 0 ? 0 : store.read((tx) => seqBefore(tx, { sessionId, seq }));
}

/** Returns whether the messages after a `seq` have at least this size. */
export async function hasGrown(
  { store, commands }: ConversationSource,
  { sessionId, afterSeq, atLeast }: { sessionId: number; afterSeq: number; atLeast: ContextSize },
): Promise<boolean> {
  let tokens = 0;
  let messages = 0;
  for (let seq = afterSeq; ;) {
    const from = seq;
    const page = await store.read((tx) => readMessagesAfter(tx, { sessionId, afterSeq: from, limit: PAGE }));
    for (const row of page.filter((one) => speakerOf(one, commands) !== undefined)) {
      tokens += tokensGiven(row);
      messages += 1;
    }
    const isReached = tokens >= atLeast.tokens || messages >= atLeast.messages;
    if (isReached || page.length < PAGE) return isReached;
    seq = page.at(-1)?.seq ?? 0;
  }
}

/**
 * Reads the next messages up to a `seq`, as many as fit.
 * @param maxTokens  the first message is shortened to this
 * @returns undefined when there is none
 */
export async function readPart(
  { store, commands, attachments }: ConversationSource,
  { sessionId, afterSeq, untilSeq, maxTokens }: { sessionId: number; afterSeq: number; untilSeq: number; maxTokens: number },
): Promise<ConversationPart | undefined> {
  const texts: string[] = [];
  let last: Message | undefined;
  let left = maxTokens;
  for (;;) {
    const from = last?.seq ?? afterSeq;
    const page = await store.read((tx) => readMessagesAfter(tx, { sessionId, afterSeq: from, limit: PAGE }));
    const messageIds = page.filter(({ role }) => role === 'user').map(({ id }) => id);
    const files = await attachments.forModel({ sessionId, messageIds });
    for (const row of page) {
      if (row.seq > untilSeq) return last && { text: texts.join('\n\n'), last };
      const speaker = speakerOf(row, commands);
      if (speaker !== undefined) {
        const at = new Date(row.createdAtMs).toISOString().slice(0, 16).replace('T', ' ');
        // At most one token per character.
        const content = cutMiddle(contentOf(row, files.get(row.id)?.text ?? ''), Math.floor(maxTokens / 2));
        const text = `${SPEAKERS[speaker]} (${at}):\n${quoteLines(content)}`;
        left -= estimateTokens(text);
        if (left < 0 && texts.length > 0) return last && { text: texts.join('\n\n'), last };
        texts.push(text);
      }
      last = row;
    }
    if (page.length < PAGE) return last && { text: texts.join('\n\n'), last };
  }
}
