/** `/approve`, `/deny` and `/approvals`: let a chat decide about the tool calls of its own turns. */
import { GatewayError } from '../../../../shared/errors.js';
import type { ApprovalDocument, DecisionRequest } from '../../../../shared/api/tools/approvals.js';
import { cutText } from '../../../../shared/text/one-line.js';
import type { Approvals, Place } from '../../approvals/approvals.js';
import { parseSessionKey } from '../../sessions/session-key.js';
import type { CommandContext, SlashCommand } from './commands.js';

type ChatApprovals = Pick<Approvals, 'pendingIn' | 'findIn' | 'decide'>;

const DECISION = /^\s*\/(?:approve|deny|approvals)(?:@\w{1,64})?(?:\s|$)/i;
/** Whether a message is handled while the message before it waits for a decision. */
export const isDecision = (content: string): boolean => DECISION.test(content);

const MAX_LISTED = 20;
const MAX_NOTE_LENGTH = 2_000;
/** Anyone may have written the text of such a message, because a template fills it in. */
const NOT_HERE = 'Webhook messages cannot decide. Use the page, or xopc approve NUMBER.';
const USAGE = 'Write /approve NUMBER, /approve NUMBER always, or /deny NUMBER WHY; /approvals lists what waits.';

function placeOf(sessionKey: string): Place {
  const { channel = 'chat', accountId = '', peerId: chatId = '' } = parseSessionKey(sessionKey) ?? {};
  return { sessionKey, chat: { channel, accountId, chatId } };
}

async function list(approvals: ChatApprovals, sessionKey: string): Promise<string> {
  const pending = (await approvals.pendingIn(placeOf(sessionKey))).slice(0, MAX_LISTED);
  if (pending.length === 0) return 'Nothing waits for a decision here.';
  return [...pending.map(({ id, tool, expiresAt }) => `${id}: \`${tool}\`, until ${expiresAt}`), USAGE].join('\n');
}

function sayOutcome({ id, tool, state, session, remember }: ApprovalDocument): string {
  const where = parseSessionKey(session)?.channel === 'cron' ? 'by this job' : 'in this chat';
  const always = remember === null ? '' : ` It is not asked about again ${where}.`;
  return `${state === 'approved' ? 'Approved' : 'Denied'}: ${id} (\`${tool}\`).${always}`;
}

async function decide(approvals: ChatApprovals, { args, sessionKey, decider }: CommandContext, request: DecisionRequest): Promise<string> {
  const [, number, rest = ''] = /^(\d{1,9})(?:\s+([\s\S]*))?$/.exec(args) ?? [];
  if (number === undefined) return USAGE;
  const place = placeOf(sessionKey);
  const via = place.chat.channel;
  if (via === 'webhook') return NOT_HERE;
  const approval = await approvals.findIn(Number(number), place);
  if (approval === undefined) return `There is no approval ${number} in this chat. /approvals lists what waits.`;
  const isAlways = request.decision === 'approve' && /^always$/i.test(rest);
  const note = isAlways || rest === '' ? {} : { note: cutText(rest, MAX_NOTE_LENGTH, '') };
  const remember = isAlways ? ({ remember: 'session' } as const) : {};
  try {
    const by = decider ?? { via, name: null };
    return sayOutcome(await approvals.decide({ ...request, ...note, ...remember, id: approval.id, by }, undefined));
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'CONFLICT') return error.message;
    throw error;
  }
}

export function createApprovalCommands(approvals: ChatApprovals): SlashCommand[] {
  return [
    {
      name: 'approvals',
      summary: 'lists what waits for a decision here',
      run: ({ sessionKey }) => list(approvals, sessionKey),
    },
    {
      name: 'approve',
      summary: 'lets an agent use a tool: /approve NUMBER, or /approve NUMBER always',
      isForChats: true,
      run: (context) => decide(approvals, context, { decision: 'approve' }),
    },
    {
      name: 'deny',
      summary: 'refuses it: /deny NUMBER WHY',
      isForChats: true,
      run: (context) => decide(approvals, context, { decision: 'deny' }),
    },
  ];
}
