/** The one sign-in screen: takes the access token, and says how to get one or to sign in without it. */
import { useEffect, useState } from 'preact/hooks';
import { closeSignIn, session, signIn, signInReason } from '../api/session.js';
import { TextField } from '../components/field/field.js';
import { FormDialog } from '../components/form/form.js';
import { t } from './text.js';

const REASONS = { wanted: 'tokenWanted', ended: 'sessionEnded', linkUsed: 'tokenLinkUsed', signedOut: 'signedOut' } as const;

/** A link may have signed this browser in in another tab. */
function useOtherTabs(): void {
  useEffect(() => {
    const look = (): void => void (document.visibilityState === 'visible' && signIn().catch(() => false));
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, []);
}

function SignInForm({ reason }: { reason: keyof typeof REASONS }) {
  const [value, setValue] = useState('');
  const [isWrong, setWrong] = useState(false);
  useOtherTabs();
  const submit = async (): Promise<void> => {
    if (value.trim() !== '') setWrong(!(await signIn({ token: value.trim() })));
  };
  // Where calls need no token, most of the page works without signing in.
  const close = session.value.needsToken ? {} : { onClose: () => closeSignIn(false) };
  return (
    <FormDialog title={t('tokenTitle')} size="screen" submitText={t('tokenUse')} onSubmit={submit} {...close}>
      <p>{t(isWrong ? 'tokenWrong' : REASONS[reason])}</p>
      <p class="hint">{t('tokenHow')}</p>
      <pre tabIndex={0}>xopc gateway open{'\n'}xopc gateway token --show</pre>
      <TextField label={t('token')} type="password" value={value} onInput={setValue} isCode autoFocus required />
    </FormDialog>
  );
}

export function SignIn() {
  return signInReason.value === undefined ? null : <SignInForm reason={signInReason.value} />;
}
