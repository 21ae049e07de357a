/** An MCP server: its state, its tools and its actions. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { useResource } from '../../../api/use-resource.js';
import { Button } from '../../../components/button/button.js';
import { ErrorBox } from '../../../components/feedback/feedback.js';
import { Switch } from '../../../components/field/field.js';
import { Icon } from '../../../components/icon/icon.js';
import { Menu } from '../../../components/menu/menu.js';
import { Skeleton } from '../../../components/skeleton/skeleton.js';
import { StatusDot, type Tone } from '../../../components/status-dot/status-dot.js';
import { durationText, fullTime } from '../../../components/time-text/time-text.js';
import { attempt } from '../../../components/toast/toast.js';
import { hashOf, navigate } from '../../../shell/router.js';
import { PermissionSelect, type Scope } from '../permission.js';
import { enableCall, readTools, type Server, testServer, type TestResult, type Tool } from '../tools-api.js';
import { ToolRow } from '../tool-row.js';
import { t } from '../text.js';
import { make } from '../../../api/client.js';
import { t as shell } from '../../../shell/text.js';

const TONES: Readonly<Record<Server['state'], Tone>> = {
  off: 'off',
  idle: 'off',
  starting: 'busy',
  running: 'good',
  backoff: 'bad',
  failed: 'bad',
};

function Tools({ server, scope, onTry }: { server: Server; scope: Scope; onTry: (tool: Tool) => void }) {
  const { value, error, reload } = useResource((signal) => readTools(server.name, signal), [server.name]);
  // Reading them starts the server: only a running one is asked again, when it says that it has others.
  const isOther = server.state === 'running' && value !== undefined && server.tools !== null && server.tools !== value.length;
  useEffect(() => {
    if (isOther) reload();
  }, [isOther]);
  if (error !== undefined) return <ErrorBox error={error} retry={reload} />;
  if (value === undefined) return <Skeleton lines={3} />;
  if (value.length === 0) return <p class="muted">{t('noTools')}</p>;
  const { name } = server;
  const isGiven = scope.agent?.mcpServers?.includes(name) !== false;
  return (
    <>
      {!isGiven && <p class="tool-problem">{t('notInServers')}</p>}
      <div class="tool-all">
        <span>{t('allTools')}</span>
        <PermissionSelect label={t('mayOf', { tool: `${name}__*` })} permitted={{ pattern: `${name}__*` }} scope={scope} />
      </div>
      <ul class="tool-list" aria-label={t('toolsOf', { name })}>
        {value.map((tool) => (
          <ToolRow key={tool.fullName} {...tool} isBuiltIn={false} problem={tool.problem ?? undefined} scope={scope}>
            <Button kind="quiet" icon="play" text={t('tryOut')} about={tool.name} onClick={() => onTry(tool)} />
          </ToolRow>
        ))}
      </ul>
    </>
  );
}

function Outcome({ result: { ok, error, durationMs, server, version, tools } }: { result: TestResult }) {
  const facts = [
    server === null ? '' : `${server.name} ${server.version}`,
    version === null ? '' : t('protocol', { version }),
    tools === null ? '' : t('toolCount', { count: tools }),
  ].filter((fact) => fact !== '');
  return (
    <p class={ok ? 'tool-outcome good' : 'tool-outcome bad'} role="status">
      <Icon name={ok ? 'ok' : 'error'} />
      <span>{ok ? [t('answers', { time: durationText(durationMs) }), ...facts].join(' · ') : (error ?? t('noAnswer'))}</span>
    </p>
  );
}

/** Its problem, and what to do. */
function Trouble({ server: { state, error } }: { server: Server }) {
  if (error === null || (state !== 'backoff' && state !== 'failed')) return null;
  return (
    <div class="callout bad">
      <p>{error}</p>
      <p class="hint">{t(`hint_${state}`)}</p>
    </div>
  );
}

interface ServerCardProps {
  readonly server: Server;
  readonly scope: Scope;
  readonly onTry: (tool: Tool) => void;
  readonly onEdit: () => void;
  readonly onRemove: () => void;
}

export function ServerCard({ server, scope, onTry, onEdit, onRemove }: ServerCardProps) {
  const { name, state, target, tools, since } = server;
  const [isOpen, setOpen] = useState(false);
  const [isTesting, setTesting] = useState(false);
  const [result, setResult] = useState<TestResult | undefined>(undefined);
  const isShown = useRef(true);
  useEffect(() => () => void (isShown.current = false), []);
  const test = async (): Promise<void> => {
    setTesting(true);
    setResult(undefined);
    await attempt(async () => {
      const found = await testServer(name);
      if (isShown.current) setResult(found);
    });
    setTesting(false);
  };
  const enable = async (isOn: boolean): Promise<void> => {
    await attempt(() => make(enableCall(name, isOn)));
    scope.reload();
  };
  const isOff = state === 'off';
  return (
    <li class="card tool-server">
      <div class="card-head">
        <div class="tool-title">
          <h2>{name}</h2>
          <code>{target}</code>
        </div>
        <span class="spread" title={t('since', { time: fullTime(Date.parse(since)) })}>
          <StatusDot tone={TONES[state]}>{t(`state_${state}`)}</StatusDot>
        </span>
        <Switch label={t('enabledOf', { name })} isChecked={!isOff} onChange={(isOn) => void enable(isOn)} />
        <Menu
          label={t('actionsOf', { name })}
          items={[
            { label: t('edit'), icon: 'edit', run: onEdit },
            { label: shell('logs'), icon: 'logs', run: () => navigate(hashOf('logs', [], { q: name })) },
            { label: t('remove'), icon: 'trash', kind: 'danger', run: onRemove },
          ]}
        />
      </div>
      <Trouble server={server} />
      {result !== undefined && <Outcome result={result} />}
      {!isOff && (
        <div class="row">
          <button type="button" class="button plain" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            <Icon name={isOpen ? 'down' : 'right'} />
            {tools === null ? t('tools') : t('toolCount', { count: tools })}
            <span class="off-screen"> {name}</span>
          </button>
          <Button kind="quiet" text={t('test')} about={name} isBusy={isTesting} onClick={() => void test()} />
        </div>
      )}
      {!isOff && isOpen && <Tools {...{ server, scope, onTry }} />}
    </li>
  );
}
