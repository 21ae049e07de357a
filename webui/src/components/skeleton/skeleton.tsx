/** Grey shapes in the place of what is loading, so that nothing jumps when it is there. Shown after a moment only. */
import { t } from '../../shell/text.js';
import './skeleton.css';

/** @param props.lines  how many lines of text, 3 by default */
export function Skeleton({ lines = 3 }: { lines?: number }) {
  return (
    <div class="skeleton" role="status">
      <span class="off-screen">{t('loading')}</span>
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} aria-hidden="true" />
      ))}
    </div>
  );
}
