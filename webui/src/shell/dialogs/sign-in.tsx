/** The only sign-in screen: takes the access token, and explains how to get one or to sign in without it. */
import { useEffect, useState } from 'preact/hooks';
import { closeSignIn, session, signIn } from '../../api/session.js';
import { CodeBlock } from '../../components/code-block/code-block.js';
import { TextField } from '../../components/field/field.js';
import { FormDialog } from '../../components/form/form.js';
import { Mark } from '../mark.js';
import { t } from './text.js';

const REASONS = { wanted: 'tokenWanted', ended: 'sessionEnded', linkUsed: 'tokenLinkUsed' } as const;

/** A link may have signed in this browser in another tab. */
function useOtherTabs(): void {
  useEffect(() => {
    const look = (): void => void (document.visibilityState === 'visible' && signIn().catch(() => false));
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, []);
}

const MARK = (
  <p class="sign-in-mark">
    <Mark size={32} />
    xopc
  </p>
);

export function SignIn({ reason }: { reason: keyof typeof REASONS }) {
  const [value, setValue] = useState('');
  const [isWrong, setWrong] = useState(false);
  useOtherTabs();
  const submit = async (): Promise<void> => setWrong(!(await signIn({ token: value.trim() })));
  const write = (text: string): void => {
    setValue(text);
    setWrong(false);
  };
  // If calls need no token, most of the page works without signing in.
  const close = session.value.needsToken ? {} : { onClose: () => closeSignIn(false), closeText: t('withoutToken') };
  return (
    <FormDialog
      title={t('tokenTitle')}
      size="screen"
      mark={MARK}
      formClass="sign-in"
      submitText={t('tokenUse')}
      isReady={value.trim() !== ''}
      onSubmit={submit}
      {...close}
    >
      <p class="muted">{t(REASONS[reason])}</p>
      <TextField
        label={t('token')}
        type="password"
        value={value}
        onInput={write}
        error={isWrong ? t('tokenWrong') : undefined}
        isCode
        autoFocus
        required
      />
      <section class="sign-in-how">
        <p class="hint">{t('tokenHow')}</p>
        <p>{t('tokenLink')}</p>
        <CodeBlock text="xopc gateway open" />
        <p>{t('tokenShow')}</p>
        <CodeBlock text="xopc gateway token --show" />
      </section>
    </FormDialog>
  );
}
