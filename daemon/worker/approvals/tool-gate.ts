/** Checks whether a turn may run a tool. Nothing is kept in memory: questions and decisions are database rows. */
import type { Clock } from '../../../shared/clock.js';
import type { Permission } from '../../../shared/config/tools/permissions.js';
import type { AgentConfig, Config } from '../../../shared/config/schema.js';
import { type AskedCall, insertApproval } from '../store/approvals/approvals.js';
import { isGranted } from '../store/approvals/grants.js';
import type { Store } from '../store/store.js';
import type { Transaction } from '../store/transaction.js';
import type { ChatQuestions } from './chat-questions.js';
import { type NamedTool, permissionOf } from './policy.js';

export interface ToolGateOptions {
  readonly store: Pick<Store, 'read'>;
  readonly clock: Clock;
  readonly config: () => Config;
  readonly questions: Pick<ChatQuestions, 'post' | 'posted'>;
}

export class ToolGate {
  readonly #options: ToolGateOptions;

  constructor(options: ToolGateOptions) {
    this.#options = options;
  }

  /** Whether the configuration denies the tool, so that the model does not get it. */
  isDenied(agent: AgentConfig, tool: NamedTool): boolean {
    return permissionOf(this.#options.config(), agent, tool) === 'deny';
  }

  /** Decides from the configuration and from grants. A configured `deny` overrides a grant. */
  async decide({ agent, sessionKey, tool }: { agent: AgentConfig; sessionKey: string; tool: NamedTool }): Promise<Permission> {
    const { store, config } = this.#options;
    const permission = permissionOf(config(), agent, tool);
    if (permission !== 'ask') return permission;
    const call = { agentId: agent.id, sessionKey, tool: tool.name };
    return (await store.read((tx) => isGranted(tx, call))) ? 'allow' : 'ask';
  }

  /** Runs in the write that stores the step; when that is committed, call {@link announce}. */
  async ask(tx: Transaction, asked: AskedCall): Promise<void> {
    const { clock, config, questions } = this.#options;
    const askedAtMs = clock.now();
    const expiresAtMs = askedAtMs + config().agents.defaults.approvalTimeoutMs;
    await questions.post(tx, await insertApproval(tx, asked, { askedAtMs, expiresAtMs }));
  }

  /** Sends the questions of a turn to its chat. */
  announce(turnId: string): Promise<void> {
    return this.#options.questions.posted(turnId);
  }
}
