/** Creates a token. The gateway's errors are shown at their fields. */
import { useEffect, useState } from 'preact/hooks';
import { SCOPES, type TokenCreated } from '../../../../shared/api/gateway/tokens.js';
import { make } from '../../api/client.js';
import { useResource } from '../../api/use-resource.js';
import { CheckField, SelectField, TextField } from '../../components/field/field.js';
import { bind, FormDialog, useFields } from '../../components/form/form.js';
import { Segmented } from '../../components/segmented/segmented.js';
import { type Faults, faultsOf, findFaults } from './faults.js';
import { t } from './text.js';
import { createCall, LIFETIMES, NEW_TOKEN, type TokenFields } from './new-token.js';
import { readAgentIds } from './tokens-api.js';

interface PartProps {
  readonly form: { readonly fields: TokenFields; readonly set: (change: Partial<TokenFields>) => void };
  readonly faults: Faults;
}

function toggled<Item>(list: readonly Item[], item: Item, isIn: boolean): readonly Item[] {
  return isIn ? [...list, item] : list.filter((other) => other !== item);
}

function Fault({ text }: { text: string | undefined }) {
  return text === undefined ? null : (
    <p class="fault" role="alert">
      {text}
    </p>
  );
}

/** A token for some agents can only chat. */
function Scopes({ form: { fields, set }, faults }: PartProps) {
  const { scopes, whose } = fields;
  return (
    <fieldset class="field token-choices">
      <legend>{t('mayDo')}</legend>
      {SCOPES.map((scope) => (
        <CheckField
          key={scope}
          label={scope}
          hint={t(`scope_${scope}`)}
          isChecked={scopes.includes(scope)}
          disabled={whose === 'some' && scope !== 'chat'}
          onChange={(isIn) => set({ scopes: toggled(scopes, scope, isIn) })}
        />
      ))}
      <Fault text={faults.scopes} />
    </fieldset>
  );
}

function Agents({ form: { fields, set }, faults }: PartProps) {
  const { value: known = [] } = useResource(readAgentIds, []);
  const { whose, agents } = fields;
  return (
    <fieldset class="field token-choices">
      <legend>{t('agents')}</legend>
      <Segmented
        label={t('agents')}
        value={whose}
        choices={(['all', 'some'] as const).map((value) => ({ value, label: t(`agents_${value}`) }))}
        onChange={(next) => set({ whose: next, ...(next === 'some' ? { scopes: ['chat'] as const } : {}) })}
      />
      {whose === 'some' && (
        <>
          <p class="hint">{t('agentsText')}</p>
          {known.map((id) => (
            <CheckField
              key={id}
              label={id}
              isChecked={agents.includes(id)}
              onChange={(isIn) => set({ agents: toggled(agents, id, isIn) })}
            />
          ))}
        </>
      )}
      <Fault text={faults.agents} />
    </fieldset>
  );
}

function Limits({ form, faults }: PartProps) {
  const { fields, set } = form;
  return (
    <>
      <div class="token-pair">
        <SelectField
          label={t('expires')}
          value={fields.expiry}
          onChange={(expiry) => set({ expiry })}
          choices={[
            ...LIFETIMES.map((value) => ({ value, label: t('inDays', { count: Number(value) }) })),
            { value: 'date', label: t('onDate') },
            { value: 'never', label: t('never') },
          ]}
          error={fields.expiry === 'date' ? undefined : faults.expiry}
          hint={fields.expiry === 'never' ? t('neverText') : undefined}
        />
        {fields.expiry === 'date' && (
          <TextField label={t('lastDay')} type="date" {...bind(form, 'date')} error={faults.expiry} hint={t('lastDayText')} required />
        )}
      </div>
      <div class="token-pair">
        <TextField label={t('rate')} {...bind(form, 'rate')} placeholder={t('noLimit')} error={faults.rate} inputMode="numeric" />
        <TextField
          label={t('usd')}
          {...bind(form, 'usd')}
          placeholder={t('noLimit')}
          hint={t('usdText')}
          error={faults.usd}
          inputMode="decimal"
        />
      </div>
    </>
  );
}

/** Errors are shown until the form changes; the first invalid field gets the focus. */
function useFaults(fields: TokenFields) {
  const [faults, setFaults] = useState<Faults>({});
  useEffect(() => setFaults({}), [fields]);
  useEffect(() => document.querySelector<HTMLElement>('dialog[open] [aria-invalid=true]')?.focus(), [faults]);
  return { faults, setFaults };
}

export function CreateDialog({ onClose, onCreated }: { onClose: () => void; onCreated: (created: TokenCreated) => void }) {
  const form = useFields(NEW_TOKEN);
  const { fields } = form;
  const { faults, setFaults } = useFaults(fields);
  const create = async (): Promise<void> => {
    const wrong = findFaults(fields);
    if (Object.keys(wrong).length > 0) return setFaults(wrong);
    try {
      onCreated(await make<TokenCreated>(createCall(fields)));
    } catch (error) {
      const found = faultsOf(error);
      if (Object.keys(found).length === 0) throw error;
      setFaults(found);
    }
  };
  const isReady = fields.name !== '' && fields.scopes.length > 0 && (fields.whose === 'all' || fields.agents.length > 0);
  return (
    <FormDialog
      title={t('add')}
      size="wide"
      call={() => createCall(fields)}
      submitText={t('create')}
      isReady={isReady}
      onClose={onClose}
      onSubmit={create}
    >
      <TextField label={t('name')} {...bind(form, 'name')} hint={t('nameText')} error={faults.name} autoFocus isCode required />
      <Scopes {...{ form, faults }} />
      <Agents {...{ form, faults }} />
      <Limits {...{ form, faults }} />
    </FormDialog>
  );
}
