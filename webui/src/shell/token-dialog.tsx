/** Asks for the token when a call was refused; says how to get it. */
import { useState } from 'preact/hooks';
import { keepToken, settleTokenWish, tokenWish } from '../api/token.js';
import { Button } from '../components/button.js';
import { Dialog, DialogActions } from '../components/dialog.js';
import { CheckField, TextField } from '../components/field.js';
import { t } from './text.js';

const REASONS = { wanted: 'tokenWanted', wrong: 'tokenWrong', linkUsed: 'tokenLinkUsed' } as const;

function TokenForm({ reason }: { reason: keyof typeof REASONS }) {
  const [value, setValue] = useState('');
  const [isKept, setKept] = useState(false);
  const cancel = (): void => settleTokenWish(false);
  const submit = (event: Event): void => {
    event.preventDefault();
    if (value.trim() === '') return;
    keepToken(value.trim(), { remember: isKept });
    settleTokenWish(true);
  };
  return (
    <Dialog title={t('tokenTitle')} onClose={cancel}>
      <form onSubmit={submit}>
        <p>{t(REASONS[reason])}</p>
        <p class="hint">{t('tokenHow')}</p>
        <pre tabIndex={0}>xopc gateway token --show{'\n'}xopc gateway open</pre>
        <TextField
          label={t('token')}
          type="password"
          value={value}
          onInput={setValue}
          autocomplete="off"
          spellcheck={false}
          autoFocus
          required
        />
        <CheckField label={t('tokenRemember')} isChecked={isKept} onChange={setKept} />
        <DialogActions>
          <Button onClick={cancel}>{t('cancel')}</Button>
          <Button kind="primary" type="submit">
            {t('tokenUse')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

export function TokenDialog() {
  return tokenWish.value === undefined ? null : <TokenForm key={tokenWish.value} reason={tokenWish.value} />;
}
