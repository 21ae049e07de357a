/** Which dialog of the shell is open. */
import { signal } from '@preact/signals';

type DialogName = 'palette' | 'shortcuts' | 'settings';

export const openedDialog = signal<DialogName | undefined>(undefined);

/** What was typed before the dialog was there. */
export const typedAhead = signal('');

export function openDialog(name: DialogName): void {
  typedAhead.value = '';
  openedDialog.value = name;
}

export function closeDialog(): void {
  openedDialog.value = undefined;
}
