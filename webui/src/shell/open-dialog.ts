/** Which dialog of the shell is open. */
import { signal } from '@preact/signals';

type DialogName = 'palette' | 'shortcuts' | 'settings';

export const openedDialog = signal<DialogName | undefined>(undefined);

export function openDialog(name: DialogName): void {
  openedDialog.value = name;
}

export function closeDialog(): void {
  openedDialog.value = undefined;
}
