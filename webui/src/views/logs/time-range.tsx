/** The time range of the shown lines: one of a few, or two times entered in a dialog. */
import { useState } from 'preact/hooks';
import { FormDialog } from '../../components/form/form.js';
import { fieldTime, fullTime, timeOfField } from '../../components/time-text/time-text.js';
import { changeQuery } from '../../shell/router.js';
import { t } from './text.js';
import { SINCE, type ViewState } from './view-state.js';

const SINCE_TEXT = { '15m': 'since15m', '1h': 'since1h', '24h': 'since24h' } as const;

interface RangeProps extends Pick<ViewState, 'since' | 'until'> {
  /** Whether the lines show their times in UTC. */
  readonly isUtc: boolean;
}

function RangeDialog({ since, until, isUtc, onClose }: RangeProps & { onClose: () => void }) {
  const start = since in SINCE ? Date.now() - SINCE[since as keyof typeof SINCE] : Date.parse(since);
  const [from, setFrom] = useState(fieldTime(start, isUtc));
  const [to, setTo] = useState(fieldTime(Date.parse(until), isUtc));
  const fromField = (text: string): string | undefined => (text === '' ? undefined : timeOfField(text, isUtc).toISOString());
  const isBackwards = from !== '' && to !== '' && from > to;
  const apply = (): void => {
    changeQuery({ since: fromField(from), until: fromField(to) });
    onClose();
  };
  return (
    <FormDialog
      title={t('range')}
      formClass="log-range"
      submitText={t('rangeApply')}
      isReady={!isBackwards}
      onClose={onClose}
      onSubmit={apply}
    >
      <label>
        <span>{t('rangeFrom')}</span>
        <input type="datetime-local" step="1" autoFocus value={from} onInput={(event) => setFrom(event.currentTarget.value)} />
      </label>
      <label>
        <span>{t('rangeTo')}</span>
        <input type="datetime-local" step="1" value={to} onInput={(event) => setTo(event.currentTarget.value)} />
      </label>
      {isBackwards && (
        <p class="fault" role="alert">
          {t('rangeBackwards')}
        </p>
      )}
    </FormDialog>
  );
}

export function TimeRange({ since, until, isUtc }: RangeProps) {
  const textOf = (instant: string): string =>
    Number.isNaN(Date.parse(instant)) ? '…' : fullTime(Date.parse(instant), isUtc ? 'UTC' : undefined);
  const [isOpen, setOpen] = useState(false);
  const isCustom = until !== '' || (since !== '' && !(since in SINCE));
  const choose = (value: string): void => {
    if (value === 'custom') setOpen(true);
    else changeQuery({ since: value, until: undefined });
  };
  return (
    <>
      <select
        aria-label={t('since')}
        value={isCustom ? 'range' : since}
        onChange={(event) => {
          choose(event.currentTarget.value);
          event.currentTarget.value = isCustom ? 'range' : since;
        }}
      >
        <option value="">{t('sinceAll')}</option>
        {Object.entries(SINCE_TEXT).map(([value, key]) => (
          <option key={value} value={value}>
            {t(key)}
          </option>
        ))}
        {isCustom && <option value="range">{`${textOf(since)} – ${textOf(until)}`}</option>}
        <option value="custom">{t('sinceCustom')}</option>
      </select>
      {isOpen && <RangeDialog {...{ since, until, isUtc }} onClose={() => setOpen(false)} />}
    </>
  );
}
