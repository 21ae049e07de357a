/** Asks for the access token when a call was refused, and says how to get it. */
import { useState } from 'preact/hooks';
import { keepToken, settleTokenWish, tokenWish } from '../api/token.js';
import { CheckField, TextField } from '../components/field.js';
import { FormDialog } from '../components/form.js';
import { t } from './text.js';

const REASONS = { wanted: 'tokenWanted', wrong: 'tokenWrong', linkUsed: 'tokenLinkUsed' } as const;

function TokenForm({ reason }: { reason: keyof typeof REASONS }) {
  const [value, setValue] = useState('');
  const [isKept, setKept] = useState(false);
  const submit = (): void => {
    if (value.trim() === '') return;
    keepToken(value.trim(), { remember: isKept });
    settleTokenWish(true);
  };
  return (
    <FormDialog title={t('tokenTitle')} submitText={t('tokenUse')} onClose={() => settleTokenWish(false)} onSubmit={submit}>
      <p>{t(REASONS[reason])}</p>
      <p class="hint">{t('tokenHow')}</p>
      <pre tabIndex={0}>xopc gateway token --show{'\n'}xopc gateway open</pre>
      <TextField label={t('token')} type="password" value={value} onInput={setValue} isCode autoFocus required />
      <CheckField label={t('tokenRemember')} isChecked={isKept} onChange={setKept} />
    </FormDialog>
  );
}

export function TokenDialog() {
  return tokenWish.value === undefined ? null : <TokenForm key={tokenWish.value} reason={tokenWish.value} />;
}
