/**
 * Every component in its states, in both themes side by side: `#/design` of a build with `node bin/build.mjs --design`. Other
 * builds do not have it, so its texts are not in a translation table.
 */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { Button, IconButton } from '../components/button/button.js';
import { CodeBlock } from '../components/code-block/code-block.js';
import { Dialog, type DialogProps } from '../components/dialog/dialog.js';
import { Empty, ErrorBox, Spinner } from '../components/feedback/feedback.js';
import { CheckField, SearchField, SelectField, Switch, TextArea, TextField } from '../components/field/field.js';
import { Fact, Facts } from '../components/facts/facts.js';
import { Gauge } from '../components/gauge/gauge.js';
import { Icon, type IconName } from '../components/icon/icon.js';
import { SHAPES } from '../components/icon/shapes.js';
import { Menu } from '../components/menu/menu.js';
import { PageHeader } from '../components/page-header/page-header.js';
import { Segmented } from '../components/segmented/segmented.js';
import { Skeleton } from '../components/skeleton/skeleton.js';
import { Stat, Stats } from '../components/stat/stat.js';
import { Badge, StatusDot, type Tone } from '../components/status-dot/status-dot.js';
import { type Order, Table } from '../components/table/table.js';
import { Tabs } from '../components/tabs/tabs.js';
import { showToast, showUndo, Toasts } from '../components/toast/toast.js';
import './design.css';

const TONES: readonly Tone[] = ['good', 'warning', 'bad', 'info', 'busy', 'off'];
const KINDS = ['primary', 'plain', 'quiet', 'danger'] as const;
const SIZES = ['12', '13', '14', '16', '20', '28'] as const;
const ROLES = [
  'ground',
  'panel',
  'raised',
  'sunken',
  'line',
  'text',
  'muted',
  'accent-solid',
  'success-solid',
  'warning-solid',
  'danger-solid',
  'info-solid',
];
const nothing = (): void => undefined;

function Part({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <section class="design-part">
      <h2>{name}</h2>
      {children}
    </section>
  );
}

function Values() {
  return (
    <Part name="Values">
      <div class="row">
        {ROLES.map((role) => (
          <span key={role} class="design-colour">
            <i style={{ background: `var(--${role})` }} />
            {role}
          </span>
        ))}
      </div>
      {SIZES.map((size) => (
        <p key={size} style={{ fontSize: `var(--size-${size})` }}>
          {`${size} px: The gateway restarts without a refused connection`}
        </p>
      ))}
      <div class="row">
        {Object.keys(SHAPES).map((name) => (
          <span key={name} title={name}>
            <Icon name={name as IconName} />
          </span>
        ))}
      </div>
    </Part>
  );
}

function Buttons() {
  return (
    <Part name="Buttons">
      {KINDS.map((kind) => (
        <div key={kind} class="row">
          <Button kind={kind} text={kind} />
          <Button kind={kind} icon="plus" text="With an icon" />
          <Button kind={kind} disabled text="Disabled" />
          <Button kind={kind} isBusy icon="retry" text="Busy" />
        </div>
      ))}
      <div class="row">
        <IconButton icon="copy" label="Copy" />
        <IconButton icon="terminal" label="Pressed" isPressed />
        <IconButton icon="trash" label="Disabled" disabled />
        <Menu
          label="More"
          items={[
            { label: 'Rename', icon: 'edit', run: nothing },
            { label: 'Delete', icon: 'trash', kind: 'danger', run: nothing },
          ]}
        />
        <Menu
          label="Model: qwen3-32b"
          text="qwen3-32b"
          align="start"
          items={[
            { label: 'qwen3-32b', isChecked: true, run: nothing },
            { label: 'gpt-5', isChecked: false, run: nothing },
          ]}
        />
      </div>
    </Part>
  );
}

function Fields() {
  const [text, setText] = useState('family');
  const [choice, setChoice] = useState('day');
  const [isOn, setOn] = useState(true);
  const choices = [
    { value: 'hour', label: 'Hour', note: '12' },
    { value: 'day', label: 'Day' },
    { value: 'week', label: 'Week' },
  ];
  return (
    <Part name="Fields">
      <TextField label="Name" hint="Shown in the list of channels." value={text} onInput={setText} />
      <TextField label="Port" error="Must be a whole number from 1 to 65535" value="0" onInput={nothing} />
      <TextField label="Set elsewhere" value="18790" onInput={nothing} disabled />
      <TextField label="Access token" type="password" placeholder="New value" value="" onInput={nothing} />
      <TextArea label="System prompt" value="Answer in one sentence." onInput={nothing} rows={2} />
      <SelectField label="Level" value={choice} choices={choices} onChange={setChoice} />
      <SearchField label="Search sessions" value="" onInput={nothing} />
      <CheckField label="Delete after the first run" hint="The history stays." isChecked={isOn} onChange={setOn} />
      <p class="row">
        <Switch label="Enabled" isChecked={isOn} onChange={setOn} /> Enabled
      </p>
      <p class="row">
        <Switch label="Disabled" isChecked={false} onChange={nothing} disabled /> Disabled
      </p>
      <Segmented label="Range" value={choice} choices={choices} onChange={setChoice} />
    </Part>
  );
}

function States() {
  return (
    <Part name="States">
      <div class="row">
        {TONES.map((tone) => (
          <StatusDot key={tone} tone={tone}>
            {tone}
          </StatusDot>
        ))}
      </div>
      <div class="row">
        {TONES.map((tone) => (
          <Badge key={tone} tone={tone}>
            {tone}
          </Badge>
        ))}
      </div>
      <Stats>
        <Stat name="Requests" value="12,480" note="last 24 hours" />
        <Stat name="First token" value="420 ms" note="median" href="#/design" />
        <Stat name="Cost" value="$1.24" />
      </Stats>
      <Skeleton />
      <Spinner />
      <ErrorBox error={new Error('The model refused the request: invalid API key. Replace it under Models.')} retry={nothing} />
      <Empty icon="cron" title="No schedules yet" action={<Button kind="primary" icon="plus" text="New schedule" />}>
        A schedule sends a message or asks an agent at the times that you set.
      </Empty>
    </Part>
  );
}

const ROWS = [
  { name: 'Morning report', runs: 128 },
  { name: 'Check the shop', runs: 2_304 },
];

function Data() {
  const [order, setOrder] = useState<Order<'name' | 'runs'>>({ by: 'name', isDescending: false });
  const columns = [
    { key: 'name' as const, name: 'Name' },
    { key: 'runs' as const, name: 'Runs', isNumber: true },
  ];
  const sign = order.isDescending ? -1 : 1;
  const rows = ROWS.toSorted((one, other) => sign * (order.by === 'runs' ? one.runs - other.runs : one.name.localeCompare(other.name)));
  return (
    <Part name="Data">
      <Facts>
        <Fact name="Gauge">
          <Gauge share={0.4} />
          <Gauge share={0.9} />
        </Fact>
        <Fact name="Outcome">
          <StatusDot tone="good">Done</StatusDot>
        </Fact>
        <Fact name="Duration">16 ms</Fact>
      </Facts>
      <Table label="Schedules" columns={columns} order={order} onOrder={setOrder}>
        {rows.map(({ name, runs }) => (
          <tr key={name}>
            <td data-label="Name">{name}</td>
            <td data-label="Runs" class="number">
              {runs.toLocaleString()}
            </td>
          </tr>
        ))}
      </Table>
      <CodeBlock text="curl -H 'Authorization: Bearer $XOPC_TOKEN' http://127.0.0.1:18790/api/status" />
    </Part>
  );
}

function Overlays() {
  const [size, setSize] = useState<DialogProps['size']>(undefined);
  return (
    <Part name="Overlays">
      <div class="row">
        {(['narrow', 'wide', 'side'] as const).map((name) => (
          <Button key={name} text={`Dialog, ${name}`} onClick={() => setSize(name)} />
        ))}
        <Button text="Notice" onClick={() => showToast({ text: 'Saved' })} />
        <Button text="Notice with undo" onClick={() => showUndo('Deleted “Morning report”', nothing)} />
        <Button text="Error notice" onClick={() => showToast({ text: 'The gateway does not answer.', kind: 'error' })} />
      </div>
      {size !== undefined && (
        <Dialog title="Delete the schedule?" size={size} onClose={() => setSize(undefined)}>
          <p>{'Its history is deleted, too.'}</p>
        </Dialog>
      )}
    </Part>
  );
}

function Theme({ name }: { name: 'light' | 'dark' }) {
  return (
    <div class={`design-theme ${name}`}>
      <PageHeader
        title={name === 'light' ? 'Light' : 'Dark'}
        note={<Badge tone="good">healthy</Badge>}
        tabs={
          <Tabs
            label={`Parts, ${name}`}
            view="design"
            tabs={[
              [undefined, 'All'],
              ['other', 'Other'],
            ]}
          />
        }
      >
        <Button kind="primary" icon="plus" text="New" />
      </PageHeader>
      <Values />
      <Buttons />
      <Fields />
      <States />
      <Data />
      <Overlays />
    </div>
  );
}

export default function Design() {
  return (
    <main class="design">
      <Theme name="light" />
      <Theme name="dark" />
      <Toasts />
    </main>
  );
}
