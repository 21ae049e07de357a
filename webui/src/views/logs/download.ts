/** Saves the log as a file: the shown lines, or lines from the gateway. */
import { apiPath } from '../../api/client.js';
import { saveAnswer, saveFile } from '../../browser/save-file.js';
import { attempt } from '../../components/toast/toast.js';
import type { LogRow } from './log-row.js';
import { t } from './text.js';
import { downloadPath, type ViewState } from './view-state.js';

const stamp = (): string => new Date().toISOString().slice(0, 19).replaceAll(':', '-');
const hourAgo = (): string => new Date(Date.now() - 3_600_000).toISOString();

function saveShown(rows: readonly LogRow[]): void {
  const lines = rows.filter(({ isGap }) => isGap !== true).map(({ entry }) => `${JSON.stringify(entry)}\n`);
  saveFile({ name: `xopc-log-${stamp()}.ndjson`, type: 'application/x-ndjson', parts: lines });
}

function save(path: string): void {
  void attempt(() => saveAnswer({ method: 'GET', path, isAction: true }, () => `xopc-log-${stamp()}.ndjson.gz`));
}

export function downloadItems(view: ViewState, shown: readonly LogRow[]) {
  return [
    { label: t('saveShown', { count: shown.length }), run: () => saveShown(shown) },
    ...(view.isFiltered ? [{ label: t('saveMatching'), run: () => save(downloadPath(view)) }] : []),
    { label: t('saveHour'), run: () => save(apiPath('/api/logs/download', {}, { since: hourAgo() })) },
    { label: t('saveAll'), run: () => save(apiPath('/api/logs/download')) },
  ];
}
