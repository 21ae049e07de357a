/** What sessions take and how long they are kept: read when it is opened. */
import { useState } from 'preact/hooks';
import type { z } from 'zod';
import type { sessionStorageResponse } from '../../../../shared/api/sessions.js';
import { call } from '../../api/client.js';
import { useResource } from '../../api/use-resource.js';
import { language } from '../../i18n/language.js';
import { hashOf } from '../../shell/router.js';
import { t } from './text.js';

type Storage = z.output<ReturnType<typeof sessionStorageResponse>>;
type Kind = Storage['kinds'][number];

const NAMES = { webchat: 'kindWebchat', api: 'kindApi', cron: 'kindCron', channels: 'kindChannels' } as const;
const MEGABYTE = 1_048_576;

function keptText({ maxAgeDays, maxMessages }: Kind): string {
  const limits = [
    ...(maxAgeDays === null ? [] : [t('keptDays', { count: maxAgeDays })]),
    ...(maxMessages === null ? [] : [t('keptMessages', { count: maxMessages })]),
  ];
  return limits.length === 0 ? t('keptForEver') : limits.join(', ');
}

function sizeText(bytes: number): string {
  const format = { style: 'unit', unit: 'megabyte', maximumFractionDigits: 1 } as const;
  return new Intl.NumberFormat(language.value, format).format(bytes / MEGABYTE);
}

function Facts({ inputs }: { inputs: unknown }) {
  const { value } = useResource((signal) => call<Storage>('GET', '/api/session-storage', { signal }), [inputs]);
  if (value === undefined) return null;
  return (
    <>
      {value.databaseBytes !== null && <p class="hint">{t('database', { size: sizeText(value.databaseBytes) })}</p>}
      <table>
        <thead>
          <tr>
            <th scope="col">{t('kind')}</th>
            <th scope="col">{t('count')}</th>
            <th scope="col">{t('saidCount')}</th>
            <th scope="col">{t('kept')}</th>
          </tr>
        </thead>
        <tbody>
          {value.kinds.map((kind) => (
            <tr key={kind.kind}>
              <th scope="row">{t(NAMES[kind.kind])}</th>
              <td>{kind.sessions.toLocaleString(language.value)}</td>
              <td>{kind.messages.toLocaleString(language.value)}</td>
              <td>{keptText(kind)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <a href={hashOf('config', [], { q: 'sessions.retention' })}>{t('changeRetention')}</a>
    </>
  );
}

/** @param sessions  read again when they are others */
export function StorageFacts({ sessions }: { sessions: unknown }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="storage" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t('storage')}</summary>
      {isOpen && <Facts inputs={sessions} />}
    </details>
  );
}
