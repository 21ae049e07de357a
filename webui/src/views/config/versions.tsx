/** Earlier versions of the file: what would change by going back to one, and going back. */
import { useResource } from '../../api/use-resource.js';
import { useLiveReload } from '../../api/live-reload.js';
import { Button } from '../../components/button.js';
import { Empty, ErrorBox, errorText, Spinner } from '../../components/feedback.js';
import { fullTime, relativeTime } from '../../components/time-text.js';
import { showToast } from '../../components/toast.js';
import { address, hashOf } from '../../shell/router.js';
import { type FileText, listVersions, readText, readVersion, restoreVersion, type Version } from './config-api.js';
import { DiffView } from './diff-view.js';
import { showSaved } from './saved.js';
import { t } from './text.js';

function Chosen({ version, file, onDone }: { version: Version; file: FileText; onDone: () => void }) {
  const { value: text, error, reload } = useResource((signal) => readVersion(version.id, signal), [version.id]);
  const restore = async (): Promise<void> => {
    try {
      const { written, problems, revision } = await restoreVersion(version.id, file.revision);
      if (written) await showSaved({ before: file.revision, after: revision, text: t('isSaved'), reload: onDone });
      else showToast({ text: t('notRestored', { reason: problems[0]?.message ?? '' }), kind: 'error' });
    } catch (failure) {
      showToast({ text: errorText(failure), kind: 'error' });
    }
    onDone();
  };
  if (error !== undefined) return <ErrorBox error={error} retry={reload} />;
  if (text === undefined) return <Spinner />;
  return (
    <div class="card version-change">
      <h2>{t('versionChange')}</h2>
      <DiffView before={file.text} after={text} label={t('versionChange')} />
      {!version.current && (
        <Button kind="primary" icon="retry" onClick={() => void restore()}>
          {t('restore')}
        </Button>
      )}
    </div>
  );
}

async function load(signal: AbortSignal): Promise<{ file: FileText; versions: readonly Version[] }> {
  const [file, versions] = await Promise.all([readText(signal), listVersions(signal)]);
  return { file, versions };
}

export function Versions() {
  const { value, error, reload } = useResource(load, []);
  useLiveReload(['config'], reload);
  const chosenId = address.value.parts[1];
  if (error !== undefined) return <ErrorBox error={error} retry={reload} />;
  if (value === undefined) return <Spinner />;
  const chosen = value.versions.find(({ id }) => id === chosenId);
  if (value.versions.length === 0) return <Empty title={t('noVersions')}>{t('versionsText')}</Empty>;
  return (
    <>
      <p class="hint">{t('versionsText')}</p>
      <div class="versions">
        <ul class="rows card" aria-label={t('versions')}>
          {value.versions.map(({ id, at, current }) => (
            <li key={id}>
              <a
                href={hashOf('config', ['versions', id])}
                aria-current={id === chosenId ? 'true' : undefined}
                title={fullTime(Date.parse(at))}
              >
                {fullTime(Date.parse(at))}
              </a>
              <span class="muted">{relativeTime(Date.parse(at))}</span>
              {current && <span class="chip good spread">{t('isCurrent')}</span>}
            </li>
          ))}
        </ul>
        {chosen === undefined ? <p class="hint">{t('chooseVersion')}</p> : <Chosen version={chosen} file={value.file} onDone={reload} />}
      </div>
    </>
  );
}
