/** The tool that runs a turn, as `POST /api/agent` does. */
import { type AgentResponse, agentResponse } from '../../../../shared/api/agent.js';
import { askAgentInput } from '../../../../shared/api/tools/mcp-server.js';
import type { Clock } from '../../../../shared/clock.js';
import { withCutOff } from '../../../../shared/text/cut-off.js';
import { mayUseAgent } from '../../access/allowed.js';
import type { AgentService } from '../../turns/agent.js';
import { readReply } from '../agent-turn.js';
import { PulledEvents } from '../connection/pulled-events.js';
import { type Tool, tool } from './tool.js';

/** Adds a note when a turn waits or its answer is cut off; otherwise a reader would take the text for the whole answer. */
function textOf(answer: object): string {
  const { reply, approvals = [], cutOff } = answer as AgentResponse;
  if (approvals.length === 0) return withCutOff(reply, cutOff);
  const calls = approvals.map(({ id, tool: name }) => `${name} (approval ${id})`).join(', ');
  return `${reply}\n\nThis waits for a person's decision: ${calls}. The answer then goes on in the session.`.trim();
}

export function askAgent(agent: AgentService, clock: Clock): Tool {
  return tool({
    name: 'ask_agent',
    title: 'Ask an agent',
    description:
      'Asks an agent of the gateway and returns its reply. The conversation is kept in a session; ask again with the same session to continue it.',
    hints: { isReadOnly: false, isOpenWorld: true },
    method: 'POST',
    scope: 'chat',
    isPerAgent: true,
    input: askAgentInput,
    answer: agentResponse,
    textOf,
    async run(input, { access, span, signal, onProgress }) {
      mayUseAgent(access, agent.agentOf(input));
      const turn = new PulledEvents(agent.run({ ...input, access, span }, signal), signal, clock);
      return await readReply(turn, (event) => onProgress?.(event?.type === 'delta' ? event.text : undefined));
    },
  });
}
