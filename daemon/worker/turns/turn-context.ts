/** Builds the request of a turn: the question, and as much of the conversation before it as fits. */
import type { AgentConfig } from '../../../shared/config/schema.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import type { CommandRegistry } from './commands/commands.js';
import { type ContextFill, readEarlier } from './memory/earlier-messages.js';
import {
  answerLimit,
  contextBudget,
  type ContextItem,
  type ContextOptions,
  estimateRequest,
  estimateTokens,
  fitSteps,
  gatherContext,
  MAX_ANSWER_TOKENS,
  MAX_MESSAGES,
  tokensOf,
} from './model/context.js';
import { GUIDE_REF } from '../../../shared/config/defaults.js';
import { parseToolUse, toolUseMessages } from './model/past-tool-use.js';
import type { StepRequest } from './model/answer.js';
import type { ChatImage, ChatMessage, ModelMessage, ModelRequest } from '../providers/provider.js';
import { type Message, readNewestMessages } from '../store/conversations/messages.js';
import type { Store } from '../store/store.js';
import type { AttachedFiles } from './attached-files.js';
import type { Attachments } from '../files/attachments.js';
import { imageRoom, readPicturesOf, withNewestPictures } from '../files/pictures.js';
import type { BegunTurn } from './turn-journal.js';

export interface TurnContextOptions {
  readonly store: Store;
  readonly commands: CommandRegistry;
  readonly attachments: Pick<Attachments, 'forModel'>;
  readonly turn: BegunTurn;
  readonly step: StepRequest;
  readonly text: string;
  readonly agent: Pick<AgentConfig, 'id' | 'systemPrompt'>;
  readonly files: AttachedFiles;
  readonly origin?: ContextFill['origin'];
  /** Receives the context usage. */
  readonly noteFill?: ((fill: ContextFill) => void) | undefined;
  readonly logger: LogPort;
  /** The agents, each with a model, of which was logged that their tools leave little of the context. */
  readonly crowded: Set<string>;
}

const HISTORY_PAGE = 100;

/** Returns the role of a message for a model; undefined for answers of the guide and for commands. */
export function contextRole(row: Message, commands: CommandRegistry): 'user' | 'assistant' | undefined {
  if (row.content === '' || row.model === GUIDE_REF) return undefined;
  if (row.role === 'user') return commands.match(row.content) === undefined ? 'user' : undefined;
  return row.role === 'assistant' ? 'assistant' : undefined;
}

/** Returns the use of a tool as a call and its result. */
export function toolUse({ id, content, status }: Message, images?: readonly ChatImage[]): ContextItem[] {
  const use = parseToolUse(content);
  return use === undefined ? [] : [toolUseMessages(id.slice(-9), { ...use, isError: status === 'error', images })];
}

/** Returns a function that adds its files to a message. */
async function withFiles(
  { attachments, turn, step }: TurnContextOptions,
  { messageIds, hasRoom }: { messageIds: readonly string[]; hasRoom: ReturnType<typeof imageRoom> },
) {
  const files = await attachments.forModel({
    sessionId: turn.session.id,
    messageIds,
    hasRoom: step.model.takesImages ? hasRoom : undefined,
  });
  return (id: string, content: string): Pick<ChatMessage, 'content' | 'images'> => {
    const { text = '', images = [] } = files.get(id) ?? {};
    return { content: content + text, ...(images.length === 0 ? {} : { images }) };
  };
}

async function readHistory(
  options: TurnContextOptions,
  { afterSeq, beforeSeq, hasRoom }: { afterSeq: number; beforeSeq: number; hasRoom: ReturnType<typeof imageRoom> },
): ReturnType<ContextOptions['readBefore']> {
  const { store, commands, turn, step } = options;
  const sessionId = turn.session.id;
  const rows = await store.read((tx) => readNewestMessages(tx, { sessionId, limit: HISTORY_PAGE, afterSeq, beforeSeq }));
  const asked = rows.filter(({ role }) => role === 'user').map(({ id }) => id);
  const withAttachments = await withFiles(options, { messageIds: asked, hasRoom });
  // Only those of the newest page, because a model gets few images.
  const isShown = step.model.takesImages && step.tools.length > 0 && beforeSeq === turn.questionSeq;
  const messageIds = isShown ? rows.filter(({ role }) => role === 'tool').map(({ id }) => id) : [];
  const pictures = await store.read((tx) => readPicturesOf(tx, { sessionId, messageIds }));
  const messages = rows.flatMap((row): ContextItem[] => {
    if (row.role === 'tool') return step.tools.length === 0 ? [] : toolUse(row, pictures.get(row.id));
    const role = contextRole(row, commands);
    return role === undefined ? [] : [{ role, ...withAttachments(row.id, row.content) }];
  });
  return { messages, nextSeq: rows.length < HISTORY_PAGE ? undefined : rows.at(-1)?.seq };
}

/** The share of the context that tool calls may take. */
const STEPS_SHARE = 0.6;
/** The share of the rest that files may take. */
const FILES_SHARE = 0.5;
/** The share of the context that the conversation gets, however many tools there are. */
const MIN_SHARE = 0.25;
const toolTokens = ({ tools }: StepRequest): number => tools.reduce((sum, tool) => sum + estimateTokens(JSON.stringify(tool)), 0);

/**
 * Returns the tokens for the conversation next to the tools. If that is too much for a window that is unknown, the provider refuses
 * the request, and says so.
 */
function budgetWithTools({ step, agent, logger, crowded }: TurnContextOptions): number {
  const { ref: model, contextWindow } = step.model;
  const budgetTokens = contextBudget(step.model);
  const least = Math.floor(budgetTokens * MIN_SHARE);
  const ofTools = toolTokens(step);
  const left = budgetTokens - ofTools;
  // Some providers count the limit of the answer, too.
  const room = (contextWindow ?? Infinity) - Math.min(answerLimit(step.model, () => 0) ?? 0, MAX_ANSWER_TOKENS) - ofTools;
  const key = `${agent.id} ${model}`;
  if (left < least && !crowded.has(key)) {
    crowded.add(key);
    const facts = { agentId: agent.id, model, tools: step.tools.length, toolTokens: ofTools, budgetTokens };
    logger.warn(
      facts,
      'the tools of an agent leave little of the context of its model to the conversation; set contextWindow of the model if it is unknown, or give the agent fewer MCP servers or tools',
    );
  }
  return Math.max(left, Math.min(least, room));
}

/** Collects the part of the conversation after a `seq` that fits, ending with the question. */
async function gatherAfter(options: TurnContextOptions, afterSeq: number, given: Omit<ContextOptions, 'readBefore'>) {
  const { turn, noteFill, step, origin } = options;
  const budgetTokens = Math.max(1, given.budgetTokens - estimateTokens(given.system ?? ''));
  let tokens = estimateTokens(given.text);
  let count = 0;
  const hasRoom = imageRoom(given.images);
  const messages = await gatherContext({
    ...given,
    async readBefore(beforeSeq = turn.questionSeq) {
      const page = await readHistory(options, { afterSeq, beforeSeq, hasRoom });
      for (const item of page.messages) tokens += tokensOf(item);
      count += page.messages.length;
      return page;
    },
  });
  const share = Math.max(tokens / budgetTokens, count / MAX_MESSAGES);
  noteFill?.({ session: turn.session, model: step.model, budgetTokens, share, origin });
  return messages;
}

export async function buildModelRequest(options: TurnContextOptions): Promise<ModelRequest> {
  const { store, step, text, turn } = options;
  const { systemPrompt } = options.agent;
  const { model, tools, isLastStep } = step;
  const { takesImages } = model;
  const budgetTokens = budgetWithTools(options);
  const { steps, tokens } = fitSteps(takesImages ? step.steps : withNewestPictures(step.steps, 0), budgetTokens * STEPS_SHARE);
  const place = { session: turn.session, beforeSeq: turn.questionSeq, budgetTokens: budgetTokens - tokens };
  const [withAttachments, earlier] = await Promise.all([
    withFiles(options, { messageIds: [turn.questionId], hasRoom: imageRoom() }),
    readEarlier(store, place),
  ]);
  const leftTokens = place.budgetTokens - earlier.tokens;
  const { content, images } = withAttachments(turn.questionId, text);
  const gather = (without: number): Promise<ModelMessage[]> =>
    gatherAfter(options, earlier.afterSeq, { budgetTokens: leftTokens - without, system: systemPrompt, text: content, images });
  const limits = { session: turn.session, takesImages, budgetTokens: leftTokens * FILES_SHARE };
  let attached = await options.files.attach(await gather(0), limits);
  // The tokens of files are not available to earlier messages.
  if (attached.tokens > 0) attached = await options.files.attach(await gather(attached.tokens), limits);
  const request: ModelRequest = {
    ref: model.ref,
    modelId: model.modelId,
    messages: withNewestPictures([...earlier.before(attached.messages), ...steps]),
    tools,
    isLastStep,
    ...(systemPrompt === undefined ? {} : { system: systemPrompt }),
  };
  const maxTokens = answerLimit(model, () => estimateRequest(request));
  return { ...request, ...(maxTokens === null ? {} : { maxTokens }) };
}
