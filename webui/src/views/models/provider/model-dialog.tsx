/** Sets data that the gateway does not know about a model: its context window and its price. Written to `models.json`. */
import { make } from '../../../api/client.js';
import { TextField } from '../../../components/field/field.js';
import { numberOf } from '../../../components/field/number-of.js';
import { changedFields } from '../../../components/form/changed-fields.js';
import { bind, FormDialog, useFields } from '../../../components/form/form.js';
import { type Model, type Provider, saveModelCall, type Setup, writtenEntry } from '../models-api.js';
import { t } from '../text.js';
import { factsOf, type ModelTexts } from './model-facts.js';

interface ModelDialogProps {
  readonly model: Model;
  readonly provider: Provider;
  readonly setup: Setup;
  readonly onClose: () => void;
  readonly onSaved: () => void;
}

const errorOf = (text: string): string | undefined => ((numberOf(text) ?? 0) >= 0 ? undefined : t('notANumber'));

export function ModelDialog({ model, provider, setup, onClose, onSaved }: ModelDialogProps) {
  // The written values take precedence over those in force, which follow a change of the file after a moment.
  const { contextWindow, cost } = { ...model, ...writtenEntry({ model, provider, setup }) };
  const form = useFields<ModelTexts>({
    contextWindow: contextWindow?.toString() ?? '',
    input: cost?.input?.toString() ?? '',
    output: cost?.output?.toString() ?? '',
  });
  const { fields, start } = form;
  const saving = () => saveModelCall({ model, provider, setup }, factsOf(changedFields(start, fields), cost));
  const save = async (): Promise<void> => {
    await make(saving());
    onSaved();
  };
  const isReady = Object.values(fields).every((text) => errorOf(text) === undefined);
  return (
    <FormDialog title={model.id} call={saving} isReady={isReady} onSubmit={save} onClose={onClose}>
      <TextField
        label={t('contextWindow')}
        {...bind(form, 'contextWindow')}
        placeholder="128000"
        hint={t('contextHint')}
        error={errorOf(fields.contextWindow)}
        autoFocus
      />
      <div class="price-fields">
        <TextField label={t('priceIn')} {...bind(form, 'input')} placeholder="1.25" error={errorOf(fields.input)} />
        <TextField label={t('priceOut')} {...bind(form, 'output')} placeholder="10" error={errorOf(fields.output)} />
      </div>
      <p class="hint">{t('priceHint')}</p>
    </FormDialog>
  );
}
