/** One turn for a program or a page that talks to an agent directly. */
import type { AgentConfig, Config } from '../../../shared/config/schema.js';
import { GatewayError } from '../../../shared/errors.js';
import { newId } from '../../../shared/ids.js';
import { chooseModels } from '../agent/model-choice.js';
import type { ProviderRegistry } from '../providers/registry.js';
import { findSession, type NewSession } from '../store/sessions.js';
import type { Store } from '../store/store.js';
import type { Attachments } from './attachments.js';
import { findAgent } from './agents.js';
import type { AgentRequest, AgentService } from './contracts.js';
import { parseSessionKey, sessionOf } from './session-key.js';
import { sessionNotFound } from './sessions.js';
import type { TurnHooks } from './turn-journal.js';
import type { TurnRunner } from './turn-runner.js';

export interface AgentServiceOptions {
  readonly store: Store;
  readonly turns: TurnRunner;
  readonly attachments: Pick<Attachments, 'judge' | 'keep'>;
  config(): Config;
  registry(): ProviderRegistry;
}

interface Target {
  readonly agent: AgentConfig;
  readonly session: NewSession;
  readonly mustExist: boolean;
}

/** A text that a model or a chat can be given. @throws INVALID_REQUEST for an empty one */
export function checkText(name: string, text: string): string {
  if (text === '') throw new GatewayError('INVALID_REQUEST', { message: `${name} is empty` });
  return text.toWellFormed();
}

function findTarget(config: Config, request: AgentRequest): Target {
  const { session: name = 'default', agentId } = request;
  const session = parseSessionKey(name);
  if (session === undefined) {
    const agent = findAgent(config, agentId);
    return { agent, session: sessionOf({ agentId: agent.id, channel: 'api', peerId: name }, 'session'), mustExist: false };
  }
  if (agentId !== undefined && agentId !== session.agentId) {
    throw new GatewayError('INVALID_REQUEST', {
      message: `the session '${name}' belongs to the agent '${session.agentId}', not to '${agentId}'`,
    });
  }
  return { agent: findAgent(config, session.agentId), session, mustExist: true };
}

export function createAgentService(options: AgentServiceOptions): AgentService {
  return {
    async *run(request, signal) {
      const config = options.config();
      const text = checkText('message', request.message);
      const target = findTarget(config, request);
      const { agent, session, mustExist } = target;
      const known = await options.store.read((db) => findSession(db, session.key));
      if (mustExist && known === undefined) throw sessionNotFound(session.key);
      const candidates = await chooseModels({ requested: request.model, session: known?.model ?? null, agent, config }, options.registry());
      const files = request.attachments === undefined ? [] : options.attachments.judge(request.attachments);
      const messageId = newId('msg');
      const begun: TurnHooks['begun'] = (db, turn) => options.attachments.keep(db, { session: turn.session, messageId, files });
      const hooks = files.length === 0 ? {} : { messageId, hooks: { begun } };
      yield* options.turns.start({ ...target, text, candidates, runsCommands: false, ...hooks }, signal);
    },
  };
}
