/** Sets data that the gateway does not know about a model: its context window and its price. Written to `models.json`. */
import { make } from '../../../api/client.js';
import { TextField } from '../../../components/field/field.js';
import { numberOf } from '../../../components/field/number-of.js';
import { bind, FormDialog, useFields } from '../../../components/form/form.js';
import { type Model, type ModelFacts, type Provider, saveModelCall, type Setup, writtenEntry } from '../models-api.js';
import { t } from '../text.js';

interface ModelDialogProps {
  readonly model: Model;
  readonly provider: Provider;
  readonly setup: Setup;
  readonly onClose: () => void;
  readonly onSaved: () => void;
}

interface Texts {
  readonly contextWindow: string;
  readonly input: string;
  readonly output: string;
}

/** @param known  its prices; those of the cache are kept */
function factsOf({ contextWindow, input, output }: Texts, known: ModelFacts['cost'] | null): ModelFacts {
  const tokens = numberOf(contextWindow);
  const prices = { input: numberOf(input), output: numberOf(output) };
  const isPriced = prices.input !== undefined || prices.output !== undefined;
  return {
    contextWindow: tokens === undefined ? undefined : Math.round(tokens),
    cost: isPriced ? { ...known, input: prices.input ?? 0, output: prices.output ?? 0 } : undefined,
  };
}

const errorOf = (text: string): string | undefined => ((numberOf(text) ?? 0) >= 0 ? undefined : t('notANumber'));

export function ModelDialog({ model, provider, setup, onClose, onSaved }: ModelDialogProps) {
  // The written values take precedence over those in force, which follow a change of the file after a moment.
  const { contextWindow, cost } = { ...model, ...writtenEntry({ model, provider, setup }) };
  const form = useFields<Texts>({
    contextWindow: contextWindow?.toString() ?? '',
    input: cost?.input?.toString() ?? '',
    output: cost?.output?.toString() ?? '',
  });
  const { fields } = form;
  const saving = () => saveModelCall({ model, provider, setup }, factsOf(fields, cost));
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
