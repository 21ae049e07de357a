import { Command, Option } from 'clipanion';
import type { ProviderDocument, ProviderTest, ProviderTestResult } from '../../../shared/api/models.js';
import { GUIDE_PROVIDER } from '../../../shared/config/defaults.js';
import { API_KINDS, type ApiKind } from '../../../shared/config/models-schema.js';
import { GatewayError } from '../../../shared/errors.js';
import { BaseCommand } from '../../cli/base-command.js';
import { definedFields } from '../../../shared/fields.js';
import { shellCommand } from '../../../shared/text/shell-word.js';
import { readSecret } from '../../cli/read-secret.js';
import { oneOf, usage } from '../../cli/usage.js';
import { poll } from '../../gateway/poll.js';
import { APPLY } from '../config/config-command.js';

export class ModelAddCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Models',
    description: 'Add a model provider, or change its key; it is tested before it is written.',
    details: `
      Known providers (\`xopc models providers\`) need only a key; any other server needs \`--base-url\`. The entry and the key are stored in \`models.json\`, which only this user can read, so that a restart and a service have them. The running gateway applies it.
    `,
    examples: [
      ['A vendor, with the key of this shell', 'xopc models add openai --api-key-env OPENAI_API_KEY'],
      ['The key from a file', 'xopc models add mistral --api-key-stdin < key.txt'],
      ['A server of your own', 'xopc models add local --base-url http://192.168.1.20:8000/v1'],
    ],
  });

  readonly provider = Option.String({ name: 'provider' });
  readonly baseUrl = Option.String('--base-url', { description: 'Address of the API, usually ending in /v1.' });
  readonly apiKeyEnv = Option.String('--api-key-env', { description: 'Environment variable with the API key; its value is stored.' });
  readonly apiKeyStdin = Option.Boolean('--api-key-stdin', false, { description: 'Read the API key from standard input.' });
  readonly api = Option.String('--api', { description: `API of the server: ${API_KINDS.join(', ')}; default the first.` });

  protected async run(): Promise<number> {
    if (this.provider === GUIDE_PROVIDER)
      throw usage(`'${this.provider}' is the name of the built-in guide`, 'Give your provider another name.');
    const api = this.api === undefined ? undefined : oneOf('--api', this.api, { choices: API_KINDS });
    const secret = { flag: '--api-key', variable: this.apiKeyEnv, isFromStdin: this.apiKeyStdin };
    const apiKey = await readSecret(this.context, secret);
    const { providers } = await this.request<{ providers: ProviderDocument[] }>({ method: 'GET', path: '/api/providers' });
    const known = providers.find(({ id }) => id === this.provider);
    if (known?.configured === true && this.baseUrl === undefined && apiKey === undefined) return this.#reportKnown(known);
    const { provider, found } = await this.#test(this.#settings(known, { apiKey, api }));
    const kind = provider.api === API_KINDS[0] ? api : provider.api;
    const entry = definedFields({ baseUrl: provider.baseUrl, apiKey: provider.apiKey, api: kind });
    await this.request({ method: 'PATCH', path: '/api/models-json', body: { providers: { [this.provider]: entry } } });
    await this.#awaitApplied();
    return this.#report(found.models.length, `${this.provider} is set up in ${this.io.gatewayPaths.modelsPath}`);
  }

  /** @throws USAGE */
  #settings(known: ProviderDocument | undefined, given: { apiKey: string | undefined; api: ApiKind | undefined }): ProviderTest {
    if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(this.provider))
      throw usage(`invalid provider '${this.provider}'; it must be lower-case letters, digits, dots, dashes or underscores`);
    if (this.baseUrl !== undefined && !/^https?:\/\/[^/\s]/.test(this.baseUrl))
      throw usage(`--base-url is '${this.baseUrl}'; it must be an http or https URL`, 'e.g. --base-url http://127.0.0.1:8000/v1');
    const baseUrl = this.baseUrl ?? known?.baseUrl;
    if (baseUrl === undefined)
      throw usage(
        `'${this.provider}' is not a known provider, so --base-url is required`,
        'See the known ones with: xopc models providers',
      );
    if (given.apiKey === undefined && this.baseUrl === undefined && known?.source !== 'discovery')
      throw usage(`${this.provider} needs an API key`, 'Give it with --api-key-env NAME or --api-key-stdin.');
    const api = given.api ?? (known?.api as ApiKind | undefined);
    return { id: this.provider, baseUrl, ...definedFields({ ...given, api }) };
  }

  /**
   * Tests the provider; if another address works instead of the given one, uses that. @throws UNAVAILABLE with the reason; nothing
   * is written
   */
  async #test(provider: ProviderTest): Promise<{ provider: ProviderTest; found: ProviderTestResult }> {
    const found = await this.#ask(provider);
    if (found.ok) return { provider, found };
    if (found.suggestedBaseUrl !== null) {
      const other = { ...provider, baseUrl: found.suggestedBaseUrl };
      const second = await this.#ask(other);
      if (second.ok) return { provider: other, found: second };
    }
    throw this.#failed(found);
  }

  #failed({ message, cause, httpStatus }: ProviderTestResult): GatewayError {
    return new GatewayError('UNAVAILABLE', {
      message: `${this.provider} does not work: ${message}`,
      details: { cause, httpStatus },
      hint: 'Nothing was written.',
    });
  }

  #ask(body: ProviderTest): Promise<ProviderTestResult> {
    return this.request<ProviderTestResult>({ method: 'POST', path: '/api/providers/test', body });
  }

  /** Returns once the gateway reaches the provider with the settings in force. */
  async #awaitApplied(): Promise<void> {
    const isApplied = await poll(
      async () => ((await this.#ask({ id: this.provider }).catch(() => undefined))?.ok === true ? true : undefined),
      // Each check sends a request to the provider.
      { ...APPLY, pause: 200 },
    );
    if (isApplied === undefined) await this.io.note('The running gateway has not applied it yet. Check it with: xopc gateway status');
  }

  /** @throws UNAVAILABLE with the reason when it does not work */
  async #reportKnown({ id, source }: ProviderDocument): Promise<number> {
    const found = await this.#ask({ id });
    if (!found.ok) throw this.#failed(found);
    const how = source === 'discovery' ? 'was found on this machine' : `is already set up by ${source}`;
    return this.#report(found.models.length, `${id} ${how}; nothing was written`);
  }

  #report(count: number, done: string): Promise<number> {
    const models = count === 1 ? '1 model' : `${count} models`;
    return this.printResult(
      { provider: this.provider, models: count },
      `✅ ${done}: ${models}`,
      `Choose the default model with: ${shellCommand`xopc models default ${`${this.provider}/MODEL`}`}`,
    );
  }
}
