/** The unsaved edits of the form as a text of the file, which the gateway validates. */
import { useResource } from '../../../api/use-resource.js';
import { readText } from '../config-api.js';
import { useProblems } from '../problems.js';
import { type Edits, editedText } from './use-edits.js';

/** @param revision  of the file that the form shows */
export function usePending(edits: Edits, revision: string) {
  const isChanged = edits.size > 0;
  const { value: file, error, reload } = useResource(async (signal) => (isChanged ? readText(signal) : undefined), [revision, isChanged]);
  const text = file === undefined || !isChanged ? undefined : editedText(file.text, edits, false);
  const { problems, isChecked, ...check } = useProblems(text);
  const diff = file === undefined ? undefined : { before: file.text, after: editedText(file.text, edits, true) };
  // A text that could not be read is not checked either.
  const unchecked = error === undefined ? check : { error, reload };
  return { problems, isChecked, diff, unchecked };
}
