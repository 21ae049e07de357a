/** Which dialog of the shell is open. */
import { signal } from '@preact/signals';

type DialogName = 'palette' | 'shortcuts' | 'settings';

export const openedDialog = signal<DialogName | undefined>(undefined);

interface Typed {
  readonly text: string;
  /** Ended with Enter. */
  readonly isEntered: boolean;
}

/** Text typed before the dialog was loaded. */
export const typedAhead = signal<Typed>({ text: '', isEntered: false });

export function openDialog(name: DialogName): void {
  typedAhead.value = { text: '', isEntered: false };
  openedDialog.value = name;
}

export function closeDialog(): void {
  openedDialog.value = undefined;
}
