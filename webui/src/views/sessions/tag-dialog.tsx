/** The tags of one or several sessions. Tags that all of them have are checked; a hint marks tags that only some have. */
import { useState } from 'preact/hooks';
import { MAX_TAG_LENGTH, MAX_TAGS, normaliseTag } from '../../../../shared/sessions/filters.js';
import { CheckField, TextField } from '../../components/field/field.js';
import { FormDialog } from '../../components/form/form.js';
import { plainText } from '../../components/markdown/plain-text.js';
import { changeEach, type SessionFacts } from './session-actions.js';
import { t } from './text.js';

interface TagDialogProps {
  readonly sessions: readonly SessionFacts[];
  readonly known: readonly string[];
  readonly onClose: () => void;
  readonly onDone: () => void;
}

function hintFor(tag: string, sessions: readonly SessionFacts[]): string | undefined {
  const count = sessions.filter(({ tags }) => tags.includes(tag)).length;
  return count === 0 || count === sessions.length ? undefined : t('someHave', { count, all: sessions.length });
}

interface KnownTagsProps {
  readonly all: readonly string[];
  readonly sessions: readonly SessionFacts[];
  readonly changed: Readonly<Record<string, boolean>>;
  readonly isTicked: (tag: string) => boolean;
  readonly onChange: (changed: Readonly<Record<string, boolean>>) => void;
}

function KnownTags({ all, sessions, changed, isTicked, onChange }: KnownTagsProps) {
  return (
    <fieldset class="known-tags">
      <legend class="off-screen">{t('tags')}</legend>
      {all.map((tag) => {
        const hint = changed[tag] === undefined ? hintFor(tag, sessions) : undefined;
        return (
          <CheckField
            key={tag}
            label={tag}
            {...(hint === undefined ? {} : { hint })}
            isChecked={isTicked(tag)}
            onChange={(isChecked) => onChange({ ...changed, [tag]: isChecked })}
          />
        );
      })}
    </fieldset>
  );
}

export function TagDialog({ sessions, known, onClose, onDone }: TagDialogProps) {
  const [changed, setChanged] = useState<Readonly<Record<string, boolean>>>({});
  const [added, setAdded] = useState('');
  const [fault, setFault] = useState<string | undefined>(undefined);
  const all = [...new Set([...sessions.flatMap(({ tags }) => tags), ...known])].toSorted((one, other) => one.localeCompare(other));
  const isTicked = (tag: string): boolean => changed[tag] ?? sessions.every(({ tags }) => tags.includes(tag));
  const save = async (): Promise<void> => {
    const fresh = added.split(',').map(normaliseTag).filter(Boolean);
    const wrong = fresh.find((tag) => tag.length > MAX_TAG_LENGTH || tag.includes('"'));
    if (wrong !== undefined) return setFault(t('wrongTag', { tag: wrong, count: MAX_TAG_LENGTH }));
    const tagsOf = ({ tags }: SessionFacts): string[] =>
      [...new Set([...tags, ...Object.keys(changed), ...fresh])].filter(
        (tag) => fresh.includes(tag) || (changed[tag] ?? tags.includes(tag)),
      );
    if (sessions.some((session) => tagsOf(session).length > MAX_TAGS)) return setFault(t('tooManyTags', { count: MAX_TAGS }));
    setFault(undefined);
    const addTags = [...fresh, ...Object.keys(changed).filter((tag) => changed[tag])];
    const isRemoved = (tag: string): boolean => changed[tag] === false && !fresh.includes(tag);
    await changeEach(sessions, ({ tags }) => ({ addTags, removeTags: tags.filter(isRemoved) }), onDone);
    onClose();
  };
  const [only] = sessions.length === 1 ? sessions : [];
  const title = only === undefined ? t('tagsOfMany', { count: sessions.length }) : t('tagsOf', { title: plainText(only.title) });
  return (
    <FormDialog title={title} onClose={onClose} onSubmit={save}>
      {all.length > 0 && <KnownTags {...{ all, sessions, changed, isTicked }} onChange={setChanged} />}
      <TextField label={t('newTags')} hint={t('newTagsHint')} value={added} onInput={setAdded} error={fault} autoFocus />
    </FormDialog>
  );
}
