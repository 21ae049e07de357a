/** The steps of `xopc setup` for the language model: a provider, and the model that agents use by default. */
import type { ModelDocument, ProviderDocument } from '../../shared/api/models.js';
import type { ConfigView } from '../../shared/api/gateway/config.js';
import { GUIDE_PROVIDER } from '../../shared/config/defaults.js';
import { valueAt } from '../../shared/config/key-path.js';
import type { Prompter } from './prompter.js';
import type { SetupRun } from './setup-run.js';

const ADD = ['models', 'add'];

/** Runs `models add`. @param key  typed by the person; the command is shown with the variable that could hold it */
function addProvider(setup: SetupRun, { id, baseUrl, apiKeyEnv, key }: NewProvider): Promise<void> {
  const words = [...ADD, id, ...(baseUrl === undefined ? [] : ['--base-url', baseUrl])];
  if (key !== undefined && key !== '')
    return setup.run([...words, '--api-key-stdin'], { secret: key, shown: [...words, '--api-key-env', apiKeyEnv ?? 'API_KEY'] });
  return setup.run([...words, ...(apiKeyEnv === undefined ? [] : ['--api-key-env', apiKeyEnv])]);
}

interface NewProvider {
  readonly id: string;
  readonly baseUrl?: string | undefined;
  readonly apiKeyEnv?: string | undefined;
  readonly key?: string | undefined;
}

/** @returns the provider to choose the model from; undefined when the step is skipped */
export async function providerStep(setup: SetupRun): Promise<string | undefined> {
  const { provider: id, baseUrl, apiKeyEnv } = setup.flags;
  if (id !== undefined) {
    await addProvider(setup, { id, baseUrl, apiKeyEnv });
    return id;
  }
  if (setup.prompter === undefined) return undefined;
  return askProvider(setup, setup.prompter);
}

type ProviderChoice = { readonly use: string } | { readonly add: ProviderDocument } | 'server' | 'skip';

function describe({ name, source, baseUrl, configured }: ProviderDocument): string {
  if (!configured) return name;
  return source === 'discovery' ? `${name}: found on this machine (${baseUrl})` : `${name}: set up by ${source}`;
}

/** Asks until a provider works or the step is skipped. */
async function askProvider(setup: SetupRun, prompter: Prompter): Promise<string | undefined> {
  const { providers } = await setup.request<{ providers: ProviderDocument[] }>({ method: 'GET', path: '/api/providers' });
  const usable = providers.filter(({ id, configured }) => configured && id !== GUIDE_PROVIDER);
  const others = providers.filter(({ configured, source }) => !configured && source !== 'discovery');
  const choices = [
    ...usable.map((provider) => ({ label: describe(provider), value: { use: provider.id } as ProviderChoice })),
    ...others.map((provider) => ({ label: `${describe(provider)} (needs an API key)`, value: { add: provider } as ProviderChoice })),
    { label: 'Another server with an OpenAI-compatible API', value: 'server' as const },
    { label: 'Skip this step', value: 'skip' as const },
  ];
  let preselected = 0;
  for (;;) {
    const choice = await prompter.choose('Provider', choices, preselected);
    if (choice === 'skip') return undefined;
    const provider = await takeChoice(setup, prompter, choice);
    if (provider !== undefined) return provider;
    // Enter alone cannot loop back here: it picks a provider that needs no further input, or else skips.
    if (usable.length === 0) preselected = choices.length - 1;
  }
}

async function noteMissing(setup: SetupRun, what: string): Promise<undefined> {
  await setup.note(`No ${what} was given; nothing is set up.`);
}

/** @returns undefined when it does not work */
async function takeChoice(setup: SetupRun, prompter: Prompter, choice: Exclude<ProviderChoice, 'skip'>): Promise<string | undefined> {
  if (choice === 'server') return askServer(setup, prompter);
  if ('use' in choice) return choice.use;
  const { id, name, source } = choice.add;
  const isSet = setup.variable(source) !== undefined;
  const key = await prompter.secret(`API key of ${name} (not shown${isSet ? `; Enter takes ${source}` : ''})`);
  if (key === '' && !isSet) return noteMissing(setup, 'key');
  return (await setup.attempt(() => addProvider(setup, { id, apiKeyEnv: source, key }))) ? id : undefined;
}

async function askServer(setup: SetupRun, prompter: Prompter): Promise<string | undefined> {
  const address = await prompter.ask('Base URL, e.g. http://192.168.1.20:8000/v1');
  if (address === '') return noteMissing(setup, 'URL');
  const baseUrl = address.includes('://') ? address : `http://${address}`;
  const id = await prompter.ask('A name for it', 'local');
  const key = await prompter.secret('API key (not shown; Enter for none)');
  return (await setup.attempt(() => addProvider(setup, { id, baseUrl, key }))) ? id : undefined;
}

async function currentModel(setup: SetupRun): Promise<string | undefined> {
  const { effective } = await setup.request<ConfigView>({ method: 'GET', path: '/api/config' });
  const model = valueAt(effective, ['agents', 'defaults', 'model']);
  const primary = typeof model === 'object' && model !== null ? (model as { primary?: unknown }).primary : model;
  return typeof primary === 'string' ? primary : undefined;
}

/** `--model` may leave out the provider. */
function refOf(model: string, { provider, refs }: { provider: string | undefined; refs: readonly string[] }): string {
  if (provider === undefined || refs.includes(model)) return model;
  return !refs.includes(`${provider}/${model}`) && model.startsWith(`${provider}/`) ? model : `${provider}/${model}`;
}

/** Tests a model and makes it the default. */
export async function modelStep(setup: SetupRun, provider: string | undefined): Promise<void> {
  const { models } = await setup.request<{ models: ModelDocument[] }>({ method: 'GET', path: '/api/models' });
  const refs = models
    .filter((model) => model.provider !== GUIDE_PROVIDER && (provider ?? model.provider) === model.provider)
    .map(({ id }) => id);
  const current = await currentModel(setup);
  const isCurrent = current !== undefined && (provider === undefined || current.startsWith(`${provider}/`));
  const first = isCurrent ? current : refs[0];
  const { prompter } = setup;
  if (setup.flags.model !== undefined) await take(setup, refOf(setup.flags.model, { provider, refs }), current);
  else if (prompter !== undefined) await askModel(setup, { prompter, refs, first, current });
  else if (provider !== undefined && first !== undefined) await take(setup, first, current);
}

/** Makes a model the default if it answers. @throws StepFailed */
async function take(setup: SetupRun, model: string, current: string | undefined): Promise<void> {
  await setup.run(['models', 'test', model]);
  if (model !== current) await setup.run(['models', 'default', model]);
}

interface ModelQuestion {
  readonly prompter: Prompter;
  readonly refs: readonly string[];
  readonly first: string | undefined;
  readonly current: string | undefined;
}

async function askModel(setup: SetupRun, { prompter, refs, first, current }: ModelQuestion): Promise<void> {
  if (first === undefined) return setup.note('No model is available yet; the built-in guide answers.');
  for (;;) {
    const model = await prompter.chooseName('Default model (a number or PROVIDER/MODEL; - skips)', refs, first);
    if (model === '-' || (await setup.attempt(() => take(setup, model, current)))) return;
  }
}
