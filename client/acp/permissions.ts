/** Asks an editor about tool calls that wait for a decision, as the page does; the first decision counts. */
import type {
  PermissionOption,
  RequestPermissionRequest,
  RequestPermissionResponse,
  SessionUpdate,
  ToolCallContent,
} from '@agentclientprotocol/sdk';
import { fenced, quoteLines } from '../../shared/channels/markdown.js';
import { GatewayError } from '../../shared/errors.js';
import { escapeHidden } from '../../shared/log/escape.js';
import { createSerial } from '../../shared/serial.js';
import type { ApprovalDocument, DecisionRequest } from '../../shared/api/tools/approvals.js';
import type { ApiClient } from '../api/api-client.js';

export interface PermissionOptions {
  readonly session: string;
  readonly connect: () => Promise<Pick<ApiClient, 'call'>>;
  /** Shows the question until the signal aborts. */
  readonly request: (question: RequestPermissionRequest, signal: AbortSignal) => Promise<RequestPermissionResponse>;
  readonly onUpdate: (update: SessionUpdate) => void;
  /** Called with failures. A question that cannot be shown or answered here can still be answered elsewhere. */
  readonly onError: (error: unknown) => void;
}

const DECISIONS: Readonly<Record<string, DecisionRequest>> = {
  allow: { decision: 'approve' },
  always: { decision: 'approve', remember: 'session' },
  deny: { decision: 'deny' },
};

const CHOICES: PermissionOption[] = [
  { optionId: 'allow', name: 'Allow', kind: 'allow_once' },
  { optionId: 'always', name: 'Always in this conversation', kind: 'allow_always' },
  { optionId: 'deny', name: 'Deny', kind: 'reject_once' },
];

const isPassing = (error: unknown): boolean => error instanceof GatewayError && (error.spec.retryable || error.code === 'NOT_RUNNING');

/** Pauses before the waiting calls are loaded again after a passing error. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 15_000;

/** A question that is or was shown. */
interface Asked {
  readonly turn: string;
  readonly tool: string;
  readonly shown: AbortController;
  /** The call was allowed in this editor. */
  isAllowed: boolean;
  /** The turn has reported the call, which is shown under this id. */
  isTaken: boolean;
}

const textBlock = (text: string): ToolCallContent => ({ type: 'content', content: { type: 'text', text } });

/**
 * Returns the call as Markdown, which editors show with the question; `rawInput` is shown only on request, or not at all. The input comes
 * first, and the agent's words are a quotation, so that they cannot look like the input.
 */
function contentOf({ input, said }: ApprovalDocument): ToolCallContent[] {
  const call = textBlock(fenced(escapeHidden(JSON.stringify(input, undefined, 2))));
  if (said === '') return [call];
  return [call, textBlock(`The agent said:\n\n${quoteLines(escapeHidden(said))}`)];
}

const callIdOf = (id: number): string => `approval-${id}`;

export class Permissions {
  readonly #options: PermissionOptions;
  /** By approval id, oldest first. */
  readonly #asked = new Map<number, Asked>();
  readonly #over = new AbortController();
  readonly #inOrder = createSerial();
  #pauseMs = FIRST_PAUSE_MS;
  #nextCheck: NodeJS.Timeout | undefined;

  constructor(options: PermissionOptions) {
    this.#options = options;
  }

  /** Loads the waiting calls, shows new ones, and withdraws those that were decided elsewhere. */
  check(): Promise<void> {
    return this.#inOrder(() => this.#check());
  }

  async #check(): Promise<void> {
    const { session, connect, onError } = this.#options;
    clearTimeout(this.#nextCheck);
    try {
      const query = new URLSearchParams({ state: 'pending', session });
      const api = await connect();
      const { approvals } = await api.call<{ approvals: ApprovalDocument[] }>({
        method: 'GET',
        path: `/api/approvals?${query.toString()}`,
      });
      this.#pauseMs = FIRST_PAUSE_MS;
      const pending = new Set(approvals.map(({ id }) => id));
      for (const [id, { shown }] of this.#asked) if (!pending.has(id)) shown.abort();
      // The gateway lists the newest first.
      for (const approval of approvals.toSorted((a, b) => a.id - b.id))
        if (!this.#over.signal.aborted && !this.#asked.has(approval.id)) void this.#ask(approval);
    } catch (error) {
      if (isPassing(error)) this.#checkLater();
      else onError(error);
    }
  }

  /** The connection may last, and then nothing else asks for another check. */
  #checkLater(): void {
    if (this.#over.signal.aborted) return;
    this.#nextCheck = setTimeout(() => void this.check(), this.#pauseMs);
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
  }

  /** Returns the tool call id that the editor was shown when it was asked about a call that now runs, once for each question. */
  take({ turn, tool }: { readonly turn: string; readonly tool: string }): string | undefined {
    const [id, asked] = [...this.#asked].find(([, one]) => !one.isTaken && one.turn === turn && one.tool === tool) ?? [];
    if (id === undefined || asked === undefined) return undefined;
    asked.isTaken = true;
    return callIdOf(id);
  }

  /** Withdraws all questions, and ends the calls that were shown only as questions. */
  end(): void {
    this.#over.abort();
    clearTimeout(this.#nextCheck);
    for (const [id, { isTaken, isAllowed }] of this.#asked) {
      const status = isAllowed ? 'completed' : 'failed';
      if (!isTaken) this.#options.onUpdate({ sessionUpdate: 'tool_call_update', toolCallId: callIdOf(id), status });
    }
  }

  async #ask(approval: ApprovalDocument): Promise<void> {
    const { id, turnId, tool, input } = approval;
    const { session, connect, request, onError } = this.#options;
    const shown = new AbortController();
    const asked: Asked = { turn: turnId, tool, shown, isAllowed: false, isTaken: false };
    this.#asked.set(id, asked);
    const toolCall = {
      toolCallId: callIdOf(id),
      title: tool,
      kind: 'other' as const,
      status: 'pending' as const,
      rawInput: input,
      content: contentOf(approval),
    };
    const signal = AbortSignal.any([shown.signal, this.#over.signal]);
    try {
      const { outcome } = await request({ sessionId: session, toolCall, options: CHOICES }, signal);
      const body = outcome.outcome === 'selected' ? DECISIONS[outcome.optionId] : undefined;
      if (body === undefined || signal.aborted) return;
      await (await connect()).call({ method: 'POST', path: `/api/approvals/${id}/decide`, body });
      asked.isAllowed = body.decision === 'approve';
    } catch (error) {
      if (signal.aborted) return;
      onError(error);
      if (!isPassing(error)) return;
      // The decision may not have arrived; then the question is shown again.
      this.#asked.delete(id);
      await this.check();
    }
  }
}
