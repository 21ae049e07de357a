/** Forms: their calls, and the dialog around them. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Call } from '../../api/client.js';
import { t } from '../../shell/text.js';
import { Button } from '../button/button.js';
import { CopyCommand } from '../copy-command/copy-command.js';
import { Dialog, DialogActions, type DialogProps } from '../dialog/dialog.js';
import { ErrorBox } from '../feedback/feedback.js';
import type { IconName } from '../icon/icon.js';

/** The calls of a form: which one runs, and how the last one failed. */
export interface Work {
  readonly busy: string | undefined;
  readonly error: unknown;
  /** Does the work under a name, which is `busy` until it ends. */
  readonly run: (name: string, work: () => Promise<unknown>) => Promise<void>;
}

export function useWork(): Work {
  const [busy, setBusy] = useState<string | undefined>(undefined);
  const [error, setError] = useState<unknown>(undefined);
  const run = async (name: string, work: () => Promise<unknown>): Promise<void> => {
    setBusy(name);
    setError(undefined);
    await work().catch(setError);
    setBusy(undefined);
  };
  return { busy, error, run };
}

/** The fields of a form, those it started with, and a function that changes some. */
export function useFields<Fields extends object>(initial: Fields | (() => Fields)) {
  const [start] = useState<Fields>(initial);
  const [fields, setFields] = useState(start);
  const set = (change: Partial<Fields>): void => setFields((before) => ({ ...before, ...change }));
  return { fields, start, set };
}

type Texts<Fields> = { [Name in keyof Fields]: Fields[Name] extends string ? Name : never }[keyof Fields] & string;

/** Binds a text control to one field of a form. */
export function bind<Fields extends object, Name extends Texts<Fields>>(
  { fields, set }: { readonly fields: Fields; readonly set: (change: Partial<Fields>) => void },
  name: Name,
) {
  return { value: fields[name] as string, onInput: (value: string) => set({ [name]: value } as unknown as Partial<Fields>) };
}

interface FormDialogProps extends DialogProps {
  /** Returns the call that the form makes; with it, the form can be copied as a command line. */
  readonly call?: () => Call;
  /** Where closing loses nothing. Default: it cancels the form. */
  readonly closeText?: string;
  readonly submitText?: string;
  readonly submitIcon?: IconName;
  /** `primary` is the default. */
  readonly submitKind?: 'primary' | 'danger';
  /** Whether the form is complete. Default true. */
  readonly isReady?: boolean;
  /** A failure is shown in the dialog. */
  readonly onSubmit: () => unknown;
  /** Shared with other calls of the form. */
  readonly work?: Work;
  /** Further buttons. */
  readonly actions?: ComponentChildren;
  readonly formClass?: string;
}

/** A dialog with a form: its fields, the last error, and buttons that close and submit it. */
export function FormDialog(props: FormDialogProps) {
  const {
    call,
    closeText = t('cancel'),
    submitText = t('save'),
    submitIcon,
    submitKind = 'primary',
    isReady = true,
    actions,
    formClass,
    children,
  } = props;
  const own = useWork();
  const { busy, error, run } = props.work ?? own;
  const submit = (event: Event): void => {
    event.preventDefault();
    if (isReady) void run('submit', async () => props.onSubmit());
  };
  const icon = submitIcon === undefined ? {} : { icon: submitIcon };
  return (
    <Dialog {...props} isForm={props.closeText === undefined}>
      <form class={formClass} onSubmit={submit}>
        {children}
        <DialogActions>
          {error !== undefined && <ErrorBox error={error} />}
          {call !== undefined && <CopyCommand call={call} isMenu />}
          {props.onClose !== undefined && <Button text={closeText} onClick={props.onClose} />}
          {actions}
          <Button kind={submitKind} type="submit" isBusy={busy === 'submit'} disabled={!isReady} text={submitText} {...icon} />
        </DialogActions>
      </form>
    </Dialog>
  );
}
