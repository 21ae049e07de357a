/** Runs a tool without an agent: a form made of its schema, or its arguments as JSON, and the result. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { make } from '../../../api/client.js';
import { CodeBlock } from '../../../components/code-block/code-block.js';
import { TextArea } from '../../../components/field/field.js';
import { FormDialog } from '../../../components/form/form.js';
import { Segmented } from '../../../components/segmented/segmented.js';
import { Badge } from '../../../components/status-dot/status-dot.js';
import { durationText } from '../../../components/time-text/time-text.js';
import { t as shell } from '../../../shell/text.js';
import { type CallResult, runCall, type Tool } from '../tools-api.js';
import { t } from '../text.js';
import { ArgumentField } from './argument-field.js';
import { draftsFor, draftsOf, fieldsOf, fill, readArguments } from './schema-fields.js';

/** Other types are named: a browser may run what it shows. */
const IMAGE = /^image\/(?:png|jpeg|gif|webp)$/;

function Result({ result: { text, isError, durationMs, images } }: { result: CallResult }) {
  const section = useRef<HTMLElement>(null);
  useEffect(() => section.current?.scrollIntoView({ block: 'nearest' }), []);
  return (
    <section class="tool-result" role="status" ref={section}>
      <h3>
        {t('result')} {isError && <Badge tone="bad">{t('isError')}</Badge>} <span class="hint number">{durationText(durationMs)}</span>
      </h3>
      {(text !== '' || images.length === 0) && <CodeBlock text={text === '' ? t('emptyResult') : text} />}
      {images.map(({ mediaType, data }, index) =>
        IMAGE.test(mediaType) ? (
          <img key={index} src={`data:${mediaType};base64,${data}`} alt={t('image', { type: mediaType })} />
        ) : (
          <p key={index}>{t('image', { type: mediaType })}</p>
        ),
      )}
    </section>
  );
}

/** The arguments: by field, or as JSON if the schema is not that of an object or the user prefers that. */
function useArguments({ inputSchema }: Tool) {
  const [fields] = useState(() => fieldsOf(inputSchema));
  const [drafts, setDrafts] = useState(() => draftsOf(fields ?? []));
  const [json, setJson] = useState<string | undefined>(fields === undefined ? '{}' : undefined);
  const filled = fill(fields ?? [], drafts);
  const asJson = json === undefined ? undefined : readArguments(json);
  const asDrafts = asJson && draftsFor(fields ?? [], asJson);
  // An empty field has nothing that is lost.
  const isReadable = [...filled.faults.values()].every((fault) => fault === 'required');
  return {
    fields,
    json,
    faults: filled.faults,
    drafts,
    setJson,
    setDraft: (name: string, draft: string) => setDrafts(new Map([...drafts, [name, draft]])),
    /** Whether the form can show the JSON. */
    fitsForm: asDrafts !== undefined,
    /** Shows the same arguments the other way. @returns false if something would be lost: nothing changes */
    show: (way: 'form' | 'json'): boolean => {
      if (way === 'json') {
        if (isReadable) setJson(JSON.stringify(filled.values, null, 2));
        return isReadable;
      }
      if (asDrafts === undefined) return false;
      setDrafts(asDrafts);
      setJson(undefined);
      return true;
    },
    /** Undefined while there are errors. */
    values: json === undefined ? (filled.faults.size === 0 ? filled.values : undefined) : asJson,
  };
}

export function TryOutDialog({ server, tool, onClose }: { server: string; tool: Tool; onClose: () => void }) {
  const args = useArguments(tool);
  /** What was refused because of errors; its errors are shown from then on. A new object each time, so that a refused choice is set back. */
  const [refused, setRefused] = useState<{ readonly what: 'run' | 'form' | 'json' } | undefined>(undefined);
  const [result, setResult] = useState<CallResult | undefined>(undefined);
  const run = async (): Promise<void> => {
    setRefused({ what: 'run' });
    if (args.values === undefined) return;
    setResult(undefined);
    setResult((await make<{ result: CallResult }>(runCall(server, tool.name, args.values))).result);
  };
  const { fields, json, drafts, faults } = args;
  const jsonFault =
    args.values === undefined ? 'fault_notObject' : refused?.what === 'form' && !args.fitsForm ? 'fault_notInForm' : undefined;
  return (
    <FormDialog
      title={t('tryTitle', { tool: tool.title ?? tool.name })}
      size="wide"
      call={() => runCall(server, tool.name, args.values ?? {})}
      closeText={shell('close')}
      submitText={t('run')}
      submitIcon="play"
      onClose={onClose}
      onSubmit={run}
    >
      {tool.description !== '' && <p class="tool-description">{tool.description}</p>}
      {!tool.isReadOnly && <p class="hint">{t('runsForReal')}</p>}
      {fields !== undefined && (
        <Segmented
          label={t('arguments')}
          value={json === undefined ? 'form' : 'json'}
          choices={(['form', 'json'] as const).map((value) => ({ value, label: t(`as_${value}`) }))}
          onChange={(way) => args.show(way) || setRefused({ what: way })}
        />
      )}
      {json !== undefined && (
        <TextArea
          label={t('arguments')}
          value={json}
          onInput={args.setJson}
          rows={8}
          error={refused === undefined || jsonFault === undefined ? undefined : t(jsonFault)}
          isCode
        />
      )}
      {json === undefined && fields?.length === 0 && <p class="muted">{t('noArguments')}</p>}
      {json === undefined &&
        fields?.map((field) => (
          <ArgumentField
            key={field.name}
            field={field}
            draft={drafts.get(field.name) ?? ''}
            fault={refused === undefined ? undefined : faults.get(field.name)}
            onInput={(draft) => args.setDraft(field.name, draft)}
          />
        ))}
      {result !== undefined && <Result result={result} />}
    </FormDialog>
  );
}
