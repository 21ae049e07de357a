/** The dialog after someone else changed the file: each edited setting as read, as in the file now, and as edited here. */
import { useState } from 'preact/hooks';
import { Button } from '../../../components/button/button.js';
import { Dialog, DialogActions } from '../../../components/dialog/dialog.js';
import { Table } from '../../../components/table/table.js';
import { valueAt } from '../../../../../shared/config/key-path.js';
import { draftOf, type Field } from './schema-fields.js';
import { t } from '../text.js';
import type { Base, Edit, Edits } from './use-edits.js';

interface ConflictProps {
  readonly edits: Edits;
  /** The configuration that the edits started from. */
  readonly base: Base;
  readonly theirs: Base;
  /** Saves the chosen edits over the file; without any, the file is unchanged. */
  readonly onSave: (chosen: Edits) => void;
  readonly onClose: () => void;
}

function textIn(view: Base, { kind, path }: Field): string {
  return draftOf(kind, valueAt(view.config, path)) || t('sourceDefault');
}

function shownDraft({ field, draft }: Edit): string {
  if (draft === null) return t('sourceDefault');
  return field.kind === 'secret' ? '••••' : draft.replaceAll('\n', ', ');
}

export function Conflict({ edits, base, theirs, onSave, onClose }: ConflictProps) {
  const [kept, setKept] = useState<ReadonlySet<string>>(new Set(edits.keys()));
  const switchKept = (key: string): void => {
    const next = new Set(kept);
    if (!next.delete(key)) next.add(key);
    setKept(next);
  };
  const chosen: Edits = new Map([...edits].filter(([key]) => kept.has(key)));
  return (
    <Dialog title={t('conflict')} size="wide" onClose={onClose}>
      <p>{t('conflictText')}</p>
      <Table label={t('conflict')} columns={(['key', 'base', 'theirs', 'mine', 'keepMine'] as const).map((key) => ({ key, name: t(key) }))}>
        {[...edits.values()].map((edit) => (
          <tr key={edit.field.key}>
            <th scope="row">
              <code>{edit.field.key}</code>
            </th>
            <td data-label={t('base')}>{textIn(base, edit.field)}</td>
            <td data-label={t('theirs')}>{textIn(theirs, edit.field)}</td>
            <td data-label={t('mine')}>{shownDraft(edit)}</td>
            <td data-label={t('keepMine')}>
              <input
                type="checkbox"
                checked={kept.has(edit.field.key)}
                aria-label={t('keepMineOf', { key: edit.field.key })}
                onChange={() => switchKept(edit.field.key)}
              />
            </td>
          </tr>
        ))}
      </Table>
      <DialogActions>
        <Button text={t('takeTheirs')} onClick={() => onSave(new Map())} />
        <Button kind="primary" disabled={chosen.size === 0} text={t('saveMine')} onClick={() => onSave(chosen)} />
      </DialogActions>
    </Dialog>
  );
}
