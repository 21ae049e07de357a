/** The page's icons. They are decoration; the text beside them or a label names them. */
import { SHAPES } from './shapes.js';
import './icon.css';

export type IconName = keyof typeof SHAPES;

/** @param props.size  pixels, 16 by default */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={SHAPES[name]} />
    </svg>
  );
}
