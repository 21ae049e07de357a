/** The text of a user's message, verbatim. Lines that name a file become buttons that save it, and those of transcripts are marked. */
import { useState } from 'preact/hooks';
import { apiPath } from '../../../api/client.js';
import { Button } from '../../../components/button/button.js';
import { saveAnswer } from '../../../browser/save-file.js';
import { attempt } from '../../../components/toast/toast.js';
import { t } from '../text.js';

/** A line of the gateway that names a file, with the speaker before it where one is known. */
const FILE_LINE = /^(\[[^\]]{0,100}\] )?\[([^\]]{1,300})\]\(\/api\/files\/([a-z]+)\/([\w.-]+)\/([\w-]+)\/([\w.-]+)\)$/;

async function save(params: { channel: string; accountId: string; fileId: string; name: string }): Promise<void> {
  const path = apiPath('/api/files/:channel/:accountId/:fileId/:name', params);
  await attempt(() => saveAnswer({ method: 'GET', path }, () => params.name));
}

/** The gateway's lines about an attached recording, which is shown above, and about what is said in one. */
const RECORDING_LINE = /^\[recording [^\]\n]*\]\n(?=\[transcript\] )/gm;
const TRANSCRIPT_LINE = /^\[transcript\] (.*)$/s;

function Line({ text }: { text: string }) {
  const transcript = TRANSCRIPT_LINE.exec(text)?.[1];
  if (transcript !== undefined)
    return (
      <>
        <span class="hint">{t('transcriptOf')}</span> {transcript}
      </>
    );
  const [whole, speaker = '', label = '', channel = '', accountId = '', fileId = '', name = ''] = FILE_LINE.exec(text) ?? [];
  if (whole === undefined) return <>{text}</>;
  return (
    <>
      {speaker}
      <Button
        icon="download"
        label={t('saveFile', { name: label })}
        text={label}
        onClick={() => void save({ channel, accountId, fileId, name })}
      />
    </>
  );
}

/** Longer text is folded, so that it does not push the answer out of view. */
const MAX_LENGTH = 3_000;
const MAX_LINES = 24;

const isLong = (content: string): boolean => content.length > MAX_LENGTH || content.split('\n', MAX_LINES + 1).length > MAX_LINES;

export function UserText({ content }: { content: string }) {
  const [isWhole, setWhole] = useState(false);
  const canFold = isLong(content);
  const lines = /\]\(\/api\/files\/|^\[transcript\] /m.test(content) ? content.replace(RECORDING_LINE, '').split('\n') : undefined;
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
        <Button
          kind="quiet"
          icon={isWhole ? 'up' : 'down'}
          text={isWhole ? t('foldText') : t('wholeText', { count: content.length })}
          onClick={() => setWhole(!isWhole)}
        />
      )}
    </>
  );
}
