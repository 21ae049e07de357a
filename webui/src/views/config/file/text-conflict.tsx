/** What is shown when the file was changed elsewhere: the text that was read, the one typed here, and the file as it is now. */
import { mergeTexts } from '../../../../../shared/text/line-diff.js';
import { Button } from '../../../components/button/button.js';
import { DiffView } from '../diff-view.js';
import { t } from '../text.js';

interface TextConflictProps {
  readonly base: string;
  readonly mine: string;
  readonly theirs: string;
  readonly onMerge: (text: string) => void;
  readonly onTake: () => void;
  readonly onKeep: () => void;
}

export function TextConflict({ base, mine, theirs, onMerge, onTake, onKeep }: TextConflictProps) {
  const merged = mergeTexts(base, mine, theirs);
  return (
    <div class="card text-conflict" role="alert">
      <h2>{t('conflict')}</h2>
      <p>{t('conflictText')}</p>
      <div class="three-way">
        <div>
          <h3>{t('theirsChanged')}</h3>
          <DiffView before={base} after={theirs} label={t('theirsChanged')} />
        </div>
        <div>
          <h3>{t('mineChanged')}</h3>
          <DiffView before={base} after={mine} label={t('mineChanged')} />
        </div>
      </div>
      <p class="hint">{merged === undefined ? t('cannotMerge') : t('textConflict')}</p>
      <div class="row">
        {merged !== undefined && <Button kind="primary" text={t('merge')} onClick={() => onMerge(merged)} />}
        <Button text={t('takeTheirs')} onClick={onTake} />
        <Button text={t('saveMine')} onClick={onKeep} />
      </div>
    </div>
  );
}
