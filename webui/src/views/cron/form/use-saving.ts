/** Saves the form of a job, and shows why it is refused. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from '../../../api/client.js';
import { reasonText, sentence } from '../../../components/feedback/reason-text.js';
import { useWork } from '../../../components/form/form.js';
import { type Draft, findFaults } from './draft.js';
import { type Faults, faultsOf } from './faults.js';

interface Refused {
  readonly faults: Faults;
  /** The draft that was refused. */
  readonly draft: Draft;
  /** Whether the form found the faults, not the gateway. */
  readonly isLocal: boolean;
}

/** Returns the faults that are not fixed yet: those that the form still finds, or those of fields unchanged since the gateway refused them. */
function openFaults({ faults, draft, isLocal }: Refused, now: Draft): Faults {
  const found = findFaults(now);
  const textOf = ({ activeFrom, activeTo, activeDays, ...fields }: Draft, name: keyof Faults): string =>
    name === 'active' ? [activeFrom, activeTo, activeDays].join() : fields[name];
  const names = (Object.keys(faults) as (keyof Faults)[]).filter((name) =>
    isLocal ? found[name] !== undefined : textOf(draft, name) === textOf(now, name),
  );
  return Object.fromEntries(names.map((name) => [name, (isLocal ? found : faults)[name]]));
}

/** Checks and saves the form; what is wrong is shown at its field, and the first such field gets the focus. */
export function useSaving(draft: Draft, save: () => Promise<void>) {
  const { busy, error, run } = useWork();
  const [refused, setRefused] = useState<Refused>({ faults: {}, draft, isLocal: false });
  const [tries, setTries] = useState(0);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus(), [tries]);
  useEffect(() => {
    const box = error === undefined ? undefined : form.current?.querySelector<HTMLElement>('.error-box');
    // Centred, because the box grows once its buttons appear.
    box?.scrollIntoView({ block: 'center' });
    box?.focus({ preventScroll: true });
  }, [error]);
  const show = (faults: Faults, isLocal: boolean): void => {
    setRefused({ faults, draft, isLocal });
    setTries((number) => number + 1);
  };
  const onSubmit = (event: Event): void => {
    event.preventDefault();
    // A shortcut submits the form while its button is disabled.
    if (busy !== undefined) return;
    const found = findFaults(draft);
    if (Object.keys(found).length > 0) return show(found, true);
    void run('save', async () => {
      await save().catch((refusal: unknown) => {
        const named = refusal instanceof ApiError ? Object.entries(faultsOf(refusal.message, refusal.details)) : [];
        if (named.length === 0) throw refusal;
        const faults = named.map(([name, fault]) => [name, sentence(reasonText(fault))]);
        show(Object.fromEntries(faults), false);
      });
    });
  };
  return { form, faults: openFaults(refused, draft), error, isBusy: busy !== undefined, onSubmit };
}
