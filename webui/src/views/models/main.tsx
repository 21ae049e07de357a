/** The models view: providers, what they have, which model is used when nobody chooses, and whether they work. */
import { useState } from 'preact/hooks';
import { useResource } from '../../api/use-resource.js';
import { Button } from '../../components/button.js';
import { Dialog, DialogActions } from '../../components/dialog.js';
import { ErrorBox, errorText, Spinner } from '../../components/feedback.js';
import { SelectField } from '../../components/field.js';
import { showToast, showUndo } from '../../components/toast.js';
import { useCommands } from '../../shell/commands.js';
import { t as shell } from '../../shell/text.js';
import { chooseDefault, type Provider, readSetup, removeProvider, type Setup, type TestReport, testProvider } from './models-api.js';
import { ProviderCard } from './provider-card.js';
import { ProviderDialog } from './provider-dialog.js';
import { t } from './text.js';
import './models.css';

/** Side by side at most. */
const TESTS_AT_ONCE = 4;

/** A change is in force within a second: the gateway watches its files. */
const IN_FORCE_MS = 1_200;

type Reports = Readonly<Record<string, TestReport | 'running'>>;

function useTests() {
  const [reports, setReports] = useState<Reports>({});
  const test = async ({ id }: Provider): Promise<void> => {
    setReports((before) => ({ ...before, [id]: 'running' }));
    try {
      const report = await testProvider({ id });
      setReports((before) => ({ ...before, [id]: report }));
    } catch (error) {
      setReports(({ [id]: _ended, ...others }) => others);
      showToast({ text: errorText(error), kind: 'error' });
    }
  };
  const testAll = async (providers: readonly Provider[]): Promise<void> => {
    const waiting = [...providers];
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await test(next);
    };
    await Promise.all(Array.from({ length: TESTS_AT_ONCE }, work));
  };
  return { reports, test, testAll };
}

function RemoveDialog({ provider, onClose, onRemoved }: { provider: Provider; onClose: () => void; onRemoved: () => void }) {
  const [error, setError] = useState<unknown>(undefined);
  const remove = (): void => {
    removeProvider(provider.id).then(onRemoved, setError);
  };
  return (
    <Dialog title={t('removeTitle', { name: provider.name })} onClose={onClose}>
      <p>{t('removeText')}</p>
      {error !== undefined && <ErrorBox error={error} />}
      <DialogActions>
        <Button onClick={onClose}>{shell('cancel')}</Button>
        <Button kind="danger" onClick={remove}>
          {t('remove')}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

function DefaultModel({ setup, choose }: { setup: Setup; choose: (model: string | undefined) => void }) {
  const { models, defaultModel } = setup;
  const isKnown = defaultModel === undefined || models.some(({ id }) => id === defaultModel);
  const choices = [
    { value: '', label: t('firstUsable', { model: models[0]?.id ?? '' }) },
    ...models.map(({ id }) => ({ value: id, label: id })),
    ...(isKnown ? [] : [{ value: defaultModel, label: defaultModel }]),
  ];
  return (
    <div class="card default-model">
      <SelectField
        label={t('defaultModel')}
        value={defaultModel ?? ''}
        choices={choices}
        onChange={(model) => choose(model === '' ? undefined : model)}
        hint={t('defaultHint')}
      />
    </div>
  );
}

type OpenDialog =
  | { readonly kind: 'edit'; readonly provider: Provider | undefined }
  | { readonly kind: 'remove'; readonly provider: Provider };

function useChanges(setup: Setup | undefined, reload: () => void) {
  const [dialog, setDialog] = useState<OpenDialog | undefined>(undefined);
  const close = (): void => setDialog(undefined);
  const reloadSoon = (): void => void setTimeout(reload, IN_FORCE_MS);
  const choose = (model: string | undefined): void => {
    const before = setup?.defaultModel;
    chooseDefault(model ?? null).then(
      () => {
        showUndo(t('defaultSaved', { model: model ?? t('automatic') }), () => void chooseDefault(before ?? null).then(reloadSoon));
        reloadSoon();
      },
      (error: unknown) => showToast({ text: errorText(error), kind: 'error' }),
    );
  };
  const done = (text: string): void => {
    close();
    showToast({ text });
    reloadSoon();
  };
  return { dialog, setDialog, close, choose, done };
}

export default function ModelsView() {
  const { value: setup, error, reload } = useResource(readSetup, []);
  const { reports, test, testAll } = useTests();
  const { dialog, setDialog, close, choose, done } = useChanges(setup, reload);
  const usable = setup?.providers.filter(({ configured }) => configured) ?? [];
  const others = setup?.providers.filter(({ configured }) => !configured) ?? [];
  const add = (): void => setDialog({ kind: 'edit', provider: undefined });
  const checkAll = (): void => void testAll(usable.filter(({ api }) => api !== 'built-in'));
  useCommands([
    { id: 'models-add', label: t('add'), icon: 'plus', keys: 'n', run: add },
    { id: 'models-check', label: t('checkAll'), icon: 'retry', run: checkAll },
  ]);
  return (
    <section class="view">
      <header class="view-head">
        <h1>{t('title')}</h1>
        <Button icon="retry" onClick={checkAll} disabled={usable.length < 2}>
          {t('checkAll')}
        </Button>
        <Button kind="primary" icon="plus" onClick={add}>
          {t('add')}
        </Button>
      </header>
      {error !== undefined && <ErrorBox error={error} retry={reload} />}
      {setup === undefined && error === undefined && <Spinner />}
      {setup !== undefined && <DefaultModel setup={setup} choose={choose} />}
      <ul class="providers" aria-label={t('providers')}>
        {usable.map((provider) => (
          <ProviderCard
            key={provider.id}
            provider={provider}
            models={setup?.models.filter((model) => model.provider === provider.id) ?? []}
            defaultModel={setup?.defaultModel}
            report={reports[provider.id]}
            onTest={() => void test(provider)}
            onChange={() => setDialog({ kind: 'edit', provider })}
            onRemove={() => setDialog({ kind: 'remove', provider })}
            onDefault={({ id }) => choose(id)}
          />
        ))}
      </ul>
      {others.length > 0 && <Others providers={others} />}
      {dialog?.kind === 'edit' && <ProviderDialog provider={dialog.provider} onClose={close} onSaved={(id) => done(t('saved', { id }))} />}
      {dialog?.kind === 'remove' && (
        <RemoveDialog provider={dialog.provider} onClose={close} onRemoved={() => done(t('removed', { name: dialog.provider.name }))} />
      )}
    </section>
  );
}

function Others({ providers }: { providers: readonly Provider[] }) {
  return (
    <details class="card">
      <summary>{t('others', { count: providers.length })}</summary>
      <p class="hint">{t('othersText')}</p>
      <ul class="rows">
        {providers.map(({ id, name, source, baseUrl }) => (
          <li key={id}>
            <span>{name}</span>
            <code class="muted">{source === 'models.json' || source === 'discovery' ? baseUrl : source}</code>
          </li>
        ))}
      </ul>
    </details>
  );
}
