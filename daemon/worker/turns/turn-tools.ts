/** Creates the tools of a turn, or of a call without a conversation. */
import type { AgentConfig } from '../../../shared/config/schema.js';
import { newId } from '../../../shared/ids.js';
import type { NamedTool } from '../approvals/policy.js';
import type { ToolGate } from '../approvals/tool-gate.js';
import { holdTurn, markTurnUnrepeatable } from '../store/conversations/turns.js';
import type { Asker } from '../providers/failure.js';
import type { Liveness } from '../store/liveness.js';
import type { StoredStep } from '../store/turns/turn-steps.js';
import { noteTurnQuestion } from '../store/turns/waiting-turns.js';
import type { Deps } from '../store/tasks/worker-deps.js';
import { createFetchTool } from '../tools/fetch.js';
import { createNothingToReportTool } from '../tools/nothing-to-report.js';
import { createScheduleTool, type TaskScheduler } from '../tools/schedule.js';
import { createSendTool, type SendPort } from '../tools/send.js';
import { createTimeTool } from '../tools/time.js';
import type { Tool, ToolSource } from '../tools/tool.js';
import type { Span } from '../tracing/span.js';
import type { TurnTools } from './model/answer.js';
import { type Questions, StepLog, type StepOwner } from './steps/step-log.js';
import { type CallDecision, type ToolPlace, ToolRun } from './steps/tool-run.js';
import type { BegunTurn } from './turn-journal.js';

export interface TurnToolsOptions extends Deps<'store' | 'clock' | 'logger' | 'config'> {
  readonly liveness: Pick<Liveness, 'validForMs'>;
  readonly send: SendPort;
  /** Undefined: the tool `schedule` does not exist. */
  readonly scheduler: TaskScheduler | undefined;
  /** The source of tools other than the gateway's own. Default: none. */
  readonly others?: ToolSource;
  /** Decides which tools an agent may use, and which need a person's decision. */
  readonly gate: Pick<ToolGate, 'isDenied' | 'decide' | 'ask' | 'announce'>;
}

/** How the tools of a turn run. */
interface TurnRun {
  readonly signal: AbortSignal;
  /** Only a turn of a schedule can have nothing to report. */
  readonly asker?: Asker;
  readonly span?: Span | undefined;
}

/** How the tools of a call without a conversation run. */
interface CallRun {
  /** Where its progress is stored. Default: nowhere. */
  readonly steps?: (StepOwner & { readonly stored: readonly StoredStep[] }) | undefined;
  readonly span?: Span | undefined;
}

const named = ({ definition: { name }, hasEffects, isBuiltIn }: Tool): NamedTool => ({ name, isReadOnly: !hasEffects, isBuiltIn });

/** Returns the names of the tools whose calls are still to run. */
function openCalls({ calls, begun }: StoredStep, decisions: ReadonlyMap<number, CallDecision> = new Map()): string[] {
  const isOpen = (index: number): boolean => begun.get(index) === undefined && (decisions.get(index)?.state ?? 'approved') === 'approved';
  return calls.filter((_call, index) => isOpen(index)).map(({ name }) => name);
}

/** Creates the tools of each turn from the configuration in force. */
export class ToolBox {
  readonly #options: TurnToolsOptions;

  constructor(options: TurnToolsOptions) {
    this.#options = options;
  }

  async forTurn(agent: AgentConfig, turn: BegunTurn, run: TurnRun): Promise<TurnTools> {
    const { id, session, steps, approvals } = turn;
    const owner: StepOwner = {
      id,
      sessionId: session.id,
      steps: steps.length,
      hold: (tx) => holdTurn(tx, id),
      noteEffects: (tx) => markTurnUnrepeatable(tx, id),
      questions: this.#questions(agent, turn),
    };
    const decisions: ToolPlace['decisions'] = (step) => {
      const number = steps.indexOf(step);
      return new Map(approvals.filter((one) => one.step === number).map((one) => [one.callIndex, one]));
    };
    // A tool that an earlier step called may need its server to start first.
    const needed = steps.flatMap((step) => openCalls(step, decisions(step)));
    const tools = await this.#tools(agent, run.signal, needed);
    if (run.asker === 'job') tools.push(createNothingToReportTool());
    return this.#make(agent, tools, { id, sessionKey: session.key, owner, decisions, ...run });
  }

  /** Returns the tools of a call without a conversation: without a chat nothing can be scheduled. */
  async forCall(agent: AgentConfig, signal: AbortSignal, { steps: owner, span }: CallRun = {}): Promise<TurnTools> {
    const sessionKey = `${agent.id}:api:default:direct:completions`;
    const needed = owner?.stored.flatMap((step) => openCalls(step));
    const tools = (await this.#tools(agent, signal, needed)).filter(({ definition }) => definition.name !== 'schedule');
    return this.#make(agent, tools, { id: owner?.id ?? newId('turn'), sessionKey, owner, decisions: () => new Map(), signal, span });
  }

  #make(
    agent: AgentConfig,
    tools: readonly Tool[],
    { owner, span, ...place }: TurnRun & Pick<ToolPlace, 'id' | 'sessionKey' | 'decisions'> & { owner: StepOwner | undefined },
  ): TurnTools {
    const { gate, others } = this.#options;
    const { maxToolIterations: maxIterations } = this.#options.config().agents.defaults;
    const log = owner && new StepLog(this.#options, owner);
    const canWait = owner?.questions !== undefined;
    const decide: ToolPlace['decide'] = (tool) => gate.decide({ agent, sessionKey: place.sessionKey, tool: named(tool) });
    const whyMissing: ToolPlace['whyMissing'] = (name) => others?.whyMissing(agent, name);
    return new ToolRun(this.#options, tools, { ...place, agentId: agent.id, maxIterations, log, span, decide, canWait, whyMissing });
  }

  #questions(agent: AgentConfig, { id: turnId, session, questionId }: BegunTurn): Questions {
    const { gate, logger } = this.#options;
    return {
      async ask(tx, asked) {
        await noteTurnQuestion(tx, { id: turnId, questionId });
        return gate.ask(tx, { ...asked, turnId, sessionId: session.id, agentId: agent.id });
      },
      asked() {
        gate.announce(turnId).catch((error: unknown) => logger.error({ turnId, err: error }, 'failed to announce a question'));
      },
    };
  }

  async #tools(agent: AgentConfig, signal: AbortSignal, needed: readonly string[] = []): Promise<Tool[]> {
    const tools = [...this.#ownTools(agent), ...((await this.#options.others?.toolsFor(agent, signal, needed)) ?? [])];
    return tools.filter((tool) => !this.#options.gate.isDenied(agent, named(tool)));
  }

  #ownTools(agent: AgentConfig): Tool[] {
    const { clock, send, scheduler } = this.#options;
    const { defaults } = this.#options.config().agents;
    // Vendors refuse two tools of one name.
    return [...new Set(agent.tools ?? defaults.tools)].flatMap((name): Tool[] => {
      switch (name) {
        case 'time':
          return [createTimeTool(clock)];
        case 'fetch':
          return [createFetchTool({ allow: defaults.fetchAllow })];
        case 'send':
          return send.channels().length === 0 ? [] : [createSendTool(send)];
        case 'schedule':
          return scheduler === undefined ? [] : [createScheduleTool(scheduler)];
      }
    });
  }
}
