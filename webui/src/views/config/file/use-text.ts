/** The text of the file while it is edited. This browser keeps what is not saved. */
import { useState } from 'preact/hooks';
import type { ConfigText, ConfigTextOutcome } from '../../../../../shared/api/gateway/config.js';
import { ApiError, call } from '../../../api/client.js';
import { type DraftId, readDraft, writeDraft } from '../../../browser/drafts.js';
import { match } from '../../../api/call.js';
import { readText } from '../config-api.js';
import { useProblems } from '../problems.js';
import { showSaved } from '../saved.js';
import { t } from '../text.js';
import { withoutSecrets } from './without-secrets.js';

/** What the edits started from. */
type Base = Pick<ConfigText, 'revision' | 'text'>;

interface TextDraft {
  readonly base: Base;
  readonly text: string;
}

const idOf = ({ path }: ConfigText): DraftId => ({ kind: 'config.file', of: path });

function writeText(file: ConfigText, { revision, text: before }: Base, text: string): void {
  const draft = (typed: string): TextDraft => ({ base: { revision, text: before }, text: typed });
  if (text === before) writeDraft(idOf(file), undefined, undefined);
  else writeDraft(idOf(file), draft(text), draft(withoutSecrets(text)));
}

/** @param show  replaces the file by one that was read again */
export function useText(file: ConfigText, show: (file: ConfigText) => void) {
  const draft = readDraft<TextDraft>(idOf(file));
  const { base, text }: TextDraft = draft ?? { base: file, text: file.text };
  const isChanged = draft !== undefined;
  const theirs = isChanged && base.revision !== file.revision ? file : undefined;
  const [error, setError] = useState<unknown>(undefined);
  const { problems, isChecked, setProblems, ...unchecked } = useProblems(
    text,
    isChanged && theirs === undefined ? undefined : file.problems,
  );
  const take = (next: ConfigText): void => {
    setError(undefined);
    writeText(next, next, next.text);
    show(next);
  };
  const save = async (revision: string): Promise<void> => {
    setError(undefined);
    try {
      const outcome = await call<ConfigTextOutcome>('POST', '/api/config/text', { body: { text }, headers: match(revision) });
      setProblems(outcome.problems);
      if (!outcome.written) return;
      const now = await readText();
      const typed = readDraft<TextDraft>(idOf(file))?.text;
      take(now);
      // Text typed in the meantime is not saved yet.
      if (typed !== undefined && typed !== text) writeText(now, now, typed);
      const reload = (): void => void readText().then(take);
      await showSaved({ before: revision, after: outcome.revision, text: t('isSaved'), reload });
    } catch (failure) {
      if (!(failure instanceof ApiError && failure.status === 412)) throw failure;
      show(await readText());
    }
  };
  return {
    base,
    text,
    isChanged,
    problems,
    isChecked,
    unchecked,
    error,
    /** The file as changed by someone else; errors are checked once the texts have been merged. */
    theirs,
    setText: (next: string) => writeText(file, base, next),
    discard: () => take(file),
    /** Continues with a text that is based on the file as it is now. */
    merge: (merged: string) => writeText(file, file, merged),
    save: () => save(base.revision).catch(setError),
    saveOver: () => void save(file.revision).catch(setError),
  };
}
