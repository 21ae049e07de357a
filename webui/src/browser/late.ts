/** Components that are loaded after the page. */
import { type ReadonlySignal, signal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { showToast } from '../components/toast/toast.js';
import { t } from '../shell/text.js';

export interface Late<Props> {
  /** Undefined until it is loaded. */
  readonly component: ReadonlySignal<ComponentType<Props> | undefined>;
  /** Whether loading has ended, successfully or not. */
  readonly isSettled: ReadonlySignal<boolean>;
  /** Loads the component unless it is loaded. A failure is not reported; a later call tries again. */
  readonly load: () => Promise<void>;
}

/** @param load  imports the chunk of the component */
export function late<Props>(load: () => Promise<ComponentType<Props>>): Late<Props> {
  const component = signal<ComponentType<Props> | undefined>(undefined);
  const isSettled = signal(false);
  return {
    component,
    isSettled,
    load: async () => {
      component.value ??= await load().catch(() => undefined);
      isSettled.value = true;
    },
  };
}

/** Loads a component that someone asked for. A failure is shown, unless `isAgain`. @returns whether it is loaded */
export async function loadAsked<Props>({ component, load }: Late<Props>, isAgain = false): Promise<boolean> {
  await load();
  const isLoaded = component.peek() !== undefined;
  if (!isLoaded && !isAgain) showToast({ text: t('partFailed'), kind: 'error' });
  return isLoaded;
}
