/** The model of each agent: the shared default, or its own. */
import { SelectField } from '../../components/field/field.js';
import { Button } from '../../components/button/button.js';
import { hashOf } from '../../shell/router.js';
import type { Agent, Setup } from './models-api.js';
import { t } from './text.js';

function AgentRow({ agent, setup, onChoose }: { agent: Agent; setup: Setup; onChoose: (model: string | undefined) => void }) {
  const [own, ...fallbacks] = agent.order ?? [];
  const inherited = setup.order[0] ?? setup.models[0]?.id ?? '';
  const known = setup.models.map(({ id }) => id).filter((id) => !id.startsWith('xopc/'));
  const choices = [{ value: '', label: t('inherited', { model: inherited }) }, ...new Set([...known, ...(own === undefined ? [] : [own])])];
  const notes = [
    ...(agent.enabled ? [] : [t('agentOff')]),
    ...(own === undefined ? [] : [t('override')]),
    ...(fallbacks.length === 0 ? [] : [t('ownFallbacks', { models: fallbacks.join(', ') })]),
  ];
  return (
    <li>
      <SelectField
        label={agent.name}
        value={own ?? ''}
        choices={choices}
        onChange={(model) => onChoose(model === '' ? undefined : model)}
        hint={notes.length === 0 ? undefined : notes.join(' · ')}
      />
    </li>
  );
}

export function Agents({ setup, onChoose }: { setup: Setup; onChoose: (agent: Agent, model: string | undefined) => void }) {
  return (
    <section class="card">
      <div class="card-head">
        <h2>{t('agents')}</h2>
        <Button kind="quiet" text={t('agentsMore')} href={hashOf('config', [], { q: 'agents' })} />
      </div>
      <ul class="agents" aria-label={t('agents')}>
        {setup.agents.map((agent) => (
          <AgentRow key={agent.id} {...{ agent, setup }} onChoose={(model) => onChoose(agent, model)} />
        ))}
      </ul>
    </section>
  );
}
