/** The unsaved changes as a difference of the file, validated before they are saved. */
import { useResource } from '../../api/use-resource.js';
import { Button } from '../../components/button/button.js';
import { CopyAs } from '../../components/form/form.js';
import { ErrorBox } from '../../components/feedback/feedback.js';
import { t as shell } from '../../shell/text.js';
import { readText } from './config-api.js';
import { DiffView } from './diff-view.js';
import { Problems, useProblems } from './problems.js';
import { isRebound } from './schema-fields.js';
import { t } from './text.js';
import { callOf, editedText, type Edits } from './use-edits.js';

interface PendingProps {
  readonly edits: Edits;
  /** The revision of the file that the form shows. */
  readonly revision: string;
  readonly error: unknown;
  readonly onSave: () => void;
  readonly onDiscard: () => void;
}

export function Pending({ edits, revision, error, onSave, onDiscard }: PendingProps) {
  const { value: file } = useResource(readText, [revision]);
  const [problems] = useProblems(file === undefined ? undefined : editedText(file.text, edits, false));
  const moved = [...edits.keys()].filter(isRebound);
  const title = t('unsaved', { count: edits.size });
  return (
    <div class="config-save card" role="region" aria-label={title}>
      <p>{title}</p>
      {file !== undefined && <DiffView before={file.text} after={editedText(file.text, edits, true)} label={t('changes')} />}
      {problems.length > 0 && <Problems problems={problems} />}
      {error !== undefined && <ErrorBox error={error} />}
      <div class="row">
        <Button kind="primary" text={shell('save')} onClick={onSave} />
        <Button text={t('discard')} onClick={onDiscard} />
        <CopyAs call={() => callOf(edits)} />
        <span class="muted">{moved.length === 0 ? t('live') : t('rebind', { keys: moved.join(', ') })}</span>
      </div>
    </div>
  );
}
