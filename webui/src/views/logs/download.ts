/** The log as a file: what is shown, or what the gateway has. */
import { apiPath, request } from '../../api/client.js';
import { errorText } from '../../components/feedback.js';
import { saveFile } from '../../components/save-file.js';
import { showToast } from '../../components/toast.js';
import type { LogRow } from './log-row.js';
import { t } from './text.js';
import { downloadPath, type ViewState } from './view-state.js';

const stamp = (): string => new Date().toISOString().slice(0, 19).replaceAll(':', '-');
const HOUR_MS = 3_600_000;

function saveShown(rows: readonly LogRow[]): void {
  const lines = rows.filter(({ isGap }) => isGap !== true).map(({ entry }) => `${JSON.stringify(entry)}\n`);
  saveFile({ name: `xopc-log-${stamp()}.ndjson`, type: 'application/x-ndjson', parts: lines });
}

function save(path: string): void {
  const load = async (): Promise<void> => {
    const response = await request({ method: 'GET', path, isAction: true });
    saveFile({ name: `xopc-log-${stamp()}.ndjson.gz`, type: 'application/gzip', parts: [await response.blob()] });
  };
  load().catch((error: unknown) => showToast({ text: errorText(error), kind: 'error' }));
}

export function downloadItems(view: ViewState, shown: readonly LogRow[]) {
  const everything = apiPath('/api/logs/download');
  return [
    { label: t('saveShown', { count: shown.length }), run: () => saveShown(shown) },
    ...(view.isFiltered ? [{ label: t('saveMatching'), run: () => save(downloadPath(view)) }] : []),
    {
      label: t('saveHour'),
      run: () => save(apiPath('/api/logs/download', {}, { since: new Date(Date.now() - HOUR_MS).toISOString() })),
    },
    { label: t('saveAll'), run: () => save(everything) },
  ];
}
