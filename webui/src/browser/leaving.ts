/** Asks before the tab is closed or reloaded while something is only there. */
import { signal } from '@preact/signals';

const isUnasked = signal(false);

/** A browser may not keep the page for its Back button meanwhile. @returns a function that stops asking */
export function askBeforeLeaving(): () => void {
  const ask = (event: Event): void => {
    if (!isUnasked.peek()) event.preventDefault();
  };
  window.addEventListener('beforeunload', ask);
  return () => window.removeEventListener('beforeunload', ask);
}

/** Drops all that the tab has loaded, also what is only there: after a sign-out somebody else may answer. */
export function leaveUnasked(): void {
  isUnasked.value = true;
  location.reload();
}
