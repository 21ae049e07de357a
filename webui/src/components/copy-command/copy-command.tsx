/**
 * Copies a call as a command line. The code that builds the line is loaded while the page is idle, because no view needs it at
 * first.
 */
import { useEffect } from 'preact/hooks';
import { late } from '../../browser/late.js';
import type { CopyCommandProps } from './copy-line.js';

const copyLine = late(async () => (await import('./copy-line.js')).default);

export const loadCopyCommand = copyLine.load;

/** Nothing until it is loaded. */
export function CopyCommand(props: CopyCommandProps) {
  useEffect(() => void loadCopyCommand(), []);
  const Shown = copyLine.component.value;
  return Shown === undefined ? null : <Shown {...props} />;
}
