/** Earlier versions of the file: their difference to the current text, and restoring one. */
import { useResource } from '../../api/use-resource.js';
import { useLiveReload } from '../../api/live-reload.js';
import { Button } from '../../components/button/button.js';
import type { ConfigText, ConfigVersion } from '../../../../shared/api/gateway/config.js';
import { apiPath, call } from '../../api/client.js';
import { Empty, Loaded } from '../../components/feedback/feedback.js';
import { reasonText } from '../../components/feedback/reason-text.js';
import { Badge } from '../../components/status-dot/status-dot.js';
import { fullTime, relativeTime } from '../../components/time-text/time-text.js';
import { attempt, showToast } from '../../components/toast/toast.js';
import { address, hashOf } from '../../shell/router.js';
import { listVersions, readText, restoreVersion } from './config-api.js';
import { DiffView } from './diff-view.js';
import { showSaved } from './saved.js';
import { t } from './text.js';

function Chosen({ version, file, onDone }: { version: ConfigVersion; file: ConfigText; onDone: () => void }) {
  const path = apiPath('/api/config/versions/:id', { id: version.id });
  const earlier = useResource((signal) => call<{ text: string }>('GET', path, { signal }), [path]);
  const restore = async (): Promise<void> => {
    await attempt(async () => {
      const { written, problems, revision } = await restoreVersion(version.id, file.revision);
      if (written) await showSaved({ before: file.revision, after: revision, text: t('isSaved'), reload: onDone });
      else showToast({ text: t('notRestored', { reason: reasonText(problems[0] ?? { message: '' }) }), kind: 'error' });
    });
    onDone();
  };
  if (earlier.value === undefined || earlier.error !== undefined) return <Loaded of={{ ...earlier, value: undefined }} />;
  return (
    <div class="card version-change">
      <h2>{t('versionChange')}</h2>
      <DiffView before={file.text} after={earlier.value.text} label={t('versionChange')} />
      {!version.current && <Button kind="primary" icon="undo" text={t('restore')} onClick={() => void restore()} />}
    </div>
  );
}

async function load(signal: AbortSignal): Promise<{ file: ConfigText; versions: readonly ConfigVersion[] }> {
  const [file, versions] = await Promise.all([readText(signal), listVersions(signal)]);
  return { file, versions };
}

export function Versions() {
  const { value, error, reload, refresh } = useResource(load, []);
  useLiveReload(['config'], refresh);
  const chosenId = address.value.parts[1];
  if (value === undefined || error !== undefined)
    return (
      <div class="config-body">
        <Loaded of={{ value: undefined, error, reload }} lines={6} />
      </div>
    );
  const chosen = value.versions.find(({ id }) => id === chosenId);
  if (value.versions.length === 0)
    return (
      <Empty icon="history" title={t('noVersions')}>
        {t('versionsText')}
      </Empty>
    );
  return (
    <div class="config-body">
      <p class="hint">{t('versionsText')}</p>
      <div class="versions">
        <ul class="rows card" aria-label={t('versions')}>
          {value.versions.map(({ id, at, current }) => (
            <li key={id}>
              <a class="nav-link" href={hashOf('config', ['versions', id])} aria-current={id === chosenId ? 'true' : undefined}>
                <time>{fullTime(Date.parse(at))}</time>
                {current && <Badge tone="good">{t('isCurrent')}</Badge>}
                <small>{relativeTime(Date.parse(at))}</small>
              </a>
            </li>
          ))}
        </ul>
        {chosen === undefined ? (
          <p class="hint">{t('chooseVersion')}</p>
        ) : (
          <Chosen key={chosen.id} version={chosen} file={value.file} onDone={reload} />
        )}
      </div>
    </div>
  );
}
