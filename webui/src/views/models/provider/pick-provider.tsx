/** The first step of a new provider: a grid of known ones, which a search narrows; a base URL can be pasted into the search. */
import { useState } from 'preact/hooks';
import { KNOWN_PROVIDERS, LOCAL_SERVERS } from '../../../../../shared/config/known-providers.js';
import type { ApiKind } from '../../../../../shared/config/models-schema.js';
import { Dialog } from '../../../components/dialog/dialog.js';
import { SearchField } from '../../../components/field/field.js';
import { t } from '../text.js';

/** What the form starts with. */
export interface Choice {
  /** Empty: from its address. */
  readonly id: string;
  readonly name: string;
  readonly about: string;
  readonly baseUrl: string;
  readonly api: ApiKind;
  /** The environment variable that sets it up, too; undefined for a server that may need no key. */
  readonly keyVariable: string | undefined;
}

const KNOWN_MODELS = 3;

function choices(): readonly Choice[] {
  const hosted = KNOWN_PROVIDERS.map(({ id, name, baseUrl, api, keyVariables: [keyVariable], models }) => {
    const about = models.slice(0, KNOWN_MODELS).map((model) => model.name ?? model.id);
    return { id, name, about: about.join(', '), baseUrl, api, keyVariable };
  });
  const local = LOCAL_SERVERS.map(({ id, name, port }) => ({
    id,
    name,
    about: t('onThisMachine', { port: String(port) }),
    baseUrl: `http://127.0.0.1:${port}/v1`,
    api: 'openai-completions' as const,
    keyVariable: undefined,
  }));
  return [...hosted, ...local];
}

const other = (baseUrl: string): Choice => ({
  id: '',
  name: baseUrl === '' ? t('otherServer') : t('thisAddress'),
  about: baseUrl === '' ? t('otherServerText') : baseUrl,
  baseUrl,
  api: 'openai-completions',
  keyVariable: undefined,
});

/** Returns what a search finds. An address is itself a choice. */
function find(search: string): readonly Choice[] {
  const wanted = search.trim();
  if (/^https?:\/\/./.test(wanted) && URL.canParse(wanted)) return [other(wanted)];
  const found = choices().filter(({ id, name, about }) => `${id} ${name} ${about}`.toLowerCase().includes(wanted.toLowerCase()));
  return [...found, other('')];
}

export function PickProvider({ onPick, onClose }: { onPick: (choice: Choice) => void; onClose: () => void }) {
  const [search, setSearch] = useState('');
  const found = find(search);
  const pickFirst = (event: Event): void => {
    event.preventDefault();
    const [first] = found;
    if (first !== undefined) onPick(first);
  };
  return (
    <Dialog title={t('add')} size="wide" onClose={onClose}>
      <form onSubmit={pickFirst}>
        <SearchField label={t('pick')} value={search} onInput={setSearch} autoFocus />
        <ul class="provider-grid" aria-label={t('providers')}>
          {found.map((choice) => (
            <li key={choice.id + choice.baseUrl}>
              <button type="button" onClick={() => onPick(choice)}>
                <strong>{choice.name}</strong>
                <span>{choice.about}</span>
              </button>
            </li>
          ))}
        </ul>
      </form>
    </Dialog>
  );
}
