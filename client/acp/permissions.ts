/** Asks an editor about tool calls that wait for a decision, as the page does; the first decision counts. */
import type { PermissionOption, RequestPermissionRequest, RequestPermissionResponse } from '@agentclientprotocol/sdk';
import { GatewayError } from '../../shared/errors.js';
import { createSerial } from '../../shared/serial.js';
import type { ApprovalDocument, DecisionRequest } from '../../shared/api/tools/approvals.js';
import type { ApiClient } from '../api/api-client.js';

export interface PermissionOptions {
  readonly session: string;
  readonly connect: () => Promise<Pick<ApiClient, 'call'>>;
  /** Shows the question until the signal aborts. */
  readonly request: (question: RequestPermissionRequest, signal: AbortSignal) => Promise<RequestPermissionResponse>;
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

export class Permissions {
  readonly #options: PermissionOptions;
  /** Questions that are or were shown. */
  readonly #asked = new Map<number, AbortController>();
  readonly #over = new AbortController();
  readonly #inOrder = createSerial();

  constructor(options: PermissionOptions) {
    this.#options = options;
  }

  /** Loads the waiting calls, shows new ones, and withdraws those that were decided elsewhere. */
  check(): Promise<void> {
    return this.#inOrder(() => this.#check());
  }

  async #check(): Promise<void> {
    const { session, connect, onError } = this.#options;
    try {
      const query = new URLSearchParams({ state: 'pending', session });
      const api = await connect();
      const { approvals } = await api.call<{ approvals: ApprovalDocument[] }>({
        method: 'GET',
        path: `/api/approvals?${query.toString()}`,
      });
      const pending = new Set(approvals.map(({ id }) => id));
      for (const [id, shown] of this.#asked) if (!pending.has(id)) shown.abort();
      for (const approval of approvals) if (!this.#over.signal.aborted && !this.#asked.has(approval.id)) void this.#ask(approval);
    } catch (error) {
      // The next connection tries again.
      if (!isPassing(error)) onError(error);
    }
  }

  /** Withdraws all questions. */
  end(): void {
    this.#over.abort();
  }

  async #ask({ id, tool, input, said }: ApprovalDocument): Promise<void> {
    const { session, connect, request, onError } = this.#options;
    const shown = new AbortController();
    this.#asked.set(id, shown);
    const content = said === '' ? [] : [{ type: 'content' as const, content: { type: 'text' as const, text: said } }];
    const toolCall = {
      toolCallId: `approval-${id}`,
      title: tool,
      kind: 'other' as const,
      status: 'pending' as const,
      rawInput: input,
      content,
    };
    const signal = AbortSignal.any([shown.signal, this.#over.signal]);
    try {
      const { outcome } = await request({ sessionId: session, toolCall, options: CHOICES }, signal);
      const body = outcome.outcome === 'selected' ? DECISIONS[outcome.optionId] : undefined;
      if (body === undefined || signal.aborted) return;
      await (await connect()).call({ method: 'POST', path: `/api/approvals/${id}/decide`, body });
    } catch (error) {
      if (signal.aborted) return;
      onError(error);
      if (!isPassing(error)) return;
      // The decision may not have arrived; then the question is shown again, at the latest on the next connection.
      this.#asked.delete(id);
      await this.check();
    }
  }
}
