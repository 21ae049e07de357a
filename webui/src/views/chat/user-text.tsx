/** What a person said, as it was written; files that came with it are buttons that save them. */
import { useState } from 'preact/hooks';
import { apiPath, request } from '../../api/client.js';
import { Button } from '../../components/button.js';
import { errorText } from '../../components/feedback.js';
import { saveFile } from '../../components/save-file.js';
import { showToast } from '../../components/toast.js';
import { t } from './text.js';

/** A line as the gateway writes it: who says it, where that is told, then the file. */
const FILE_LINE = /^(\[[^\]]{0,100}\] )?\[([^\]]{1,300})\]\(\/api\/files\/([a-z]+)\/([\w.-]+)\/([\w-]+)\/([\w.-]+)\)$/;

async function save(params: { channel: string; accountId: string; fileId: string; name: string }): Promise<void> {
  try {
    const response = await request({ method: 'GET', path: apiPath('/api/files/:channel/:accountId/:fileId/:name', params) });
    saveFile({ name: params.name, type: response.headers.get('Content-Type') ?? '', parts: [await response.blob()] });
  } catch (error) {
    showToast({ text: errorText(error), kind: 'error' });
  }
}

function Line({ text }: { text: string }) {
  const [whole, speaker = '', label = '', channel = '', accountId = '', fileId = '', name = ''] = FILE_LINE.exec(text) ?? [];
  if (whole === undefined) return <>{text}</>;
  return (
    <>
      {speaker}
      <Button icon="download" label={t('saveFile', { name: label })} onClick={() => void save({ channel, accountId, fileId, name })}>
        {label}
      </Button>
    </>
  );
}

/** What is longer was pasted: its beginning tells what it is, and the answer is not pushed out of sight. */
const MAX_LENGTH = 3_000;
const MAX_LINES = 24;

const isLong = (content: string): boolean => content.length > MAX_LENGTH || content.split('\n', MAX_LINES + 1).length > MAX_LINES;

export function UserText({ content }: { content: string }) {
  const [isWhole, setWhole] = useState(false);
  const canFold = isLong(content);
  const lines = content.includes('](/api/files/') ? content.split('\n') : undefined;
  return (
    <>
      <p class="plain" dir="auto" data-folded={canFold && !isWhole}>
        {lines === undefined
          ? content
          : lines.map((line, index) => (
              <span key={index}>
                {index > 0 && '\n'}
                <Line text={line} />
              </span>
            ))}
      </p>
      {canFold && (
        <Button kind="quiet" icon={isWhole ? 'up' : 'down'} onClick={() => setWhole(!isWhole)}>
          {isWhole ? t('foldText') : t('wholeText', { count: content.length })}
        </Button>
      )}
    </>
  );
}
