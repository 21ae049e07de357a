/** Grey shapes in place of loading content, so that nothing jumps when it arrives. Shown only after a moment. */
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
