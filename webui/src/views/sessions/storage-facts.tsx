/** The size of the stored sessions and their retention, read when the dialog opens. */
import { useState } from 'preact/hooks';
import type { SessionStorage } from '../../../../shared/api/sessions.js';
import { call } from '../../api/client.js';
import { useResource } from '../../api/use-resource.js';
import { Button } from '../../components/button/button.js';
import { Dialog } from '../../components/dialog/dialog.js';
import { Loaded } from '../../components/feedback/feedback.js';
import { Table } from '../../components/table/table.js';
import { bytesText } from '../../components/time-text/time-text.js';
import { language } from '../../i18n/language.js';
import { hashOf } from '../../shell/router.js';
import { t } from './text.js';

const NAMES = { webchat: 'kindWebchat', api: 'kindApi', cron: 'kindCron', channels: 'kindChannels' } as const;

function keptText({ maxAgeDays, maxMessages }: SessionStorage['kinds'][number]): string {
  const limits = [
    ...(maxAgeDays === null ? [] : [t('keptDays', { count: maxAgeDays })]),
    ...(maxMessages === null ? [] : [t('keptMessages', { count: maxMessages })]),
  ];
  return limits.length === 0 ? t('keptForEver') : limits.join(', ');
}

function Facts({ inputs }: { inputs: unknown }) {
  const storage = useResource((signal) => call<SessionStorage>('GET', '/api/session-storage', { signal }), [inputs]);
  return (
    <Loaded of={storage} lines={5}>
      {(value) => <Figures value={value} />}
    </Loaded>
  );
}

function Figures({ value }: { value: SessionStorage }) {
  return (
    <>
      {value.databaseBytes !== null && <p class="hint">{t('database', { size: bytesText(value.databaseBytes) })}</p>}
      <Table
        label={t('storageTitle')}
        columns={[
          { key: 'kind', name: t('kind') },
          { key: 'sessions', name: t('count'), isNumber: true },
          { key: 'messages', name: t('saidCount'), isNumber: true },
          { key: 'kept', name: t('kept') },
        ]}
      >
        {value.kinds.map((kind) => (
          <tr key={kind.kind}>
            <th scope="row">{t(NAMES[kind.kind])}</th>
            <td class="number" data-label={t('count')}>
              {kind.sessions.toLocaleString(language.value)}
            </td>
            <td class="number" data-label={t('saidCount')}>
              {kind.messages.toLocaleString(language.value)}
            </td>
            <td data-label={t('kept')}>{keptText(kind)}</td>
          </tr>
        ))}
      </Table>
      <p>
        <a href={hashOf('config', [], { q: 'sessions.retention' })}>{t('changeRetention')}</a>
      </p>
    </>
  );
}

/** @param props.sessions  a change of them reloads the figures */
export function StorageButton({ sessions }: { sessions: unknown }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button kind="quiet" text={t('storage')} onClick={() => setOpen(true)} />
      {isOpen && (
        <Dialog title={t('storageTitle')} size="wide" onClose={() => setOpen(false)}>
          <Facts inputs={sessions} />
        </Dialog>
      )}
    </>
  );
}
