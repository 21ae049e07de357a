/** What is generated for launchd and the Task Scheduler, against the schemas of both. */
import { describe, expect, test } from 'vitest';
import { plistText } from '../../../client/service/launchd/plist.js';
import { taskXml } from '../../../client/service/task-scheduler/task-xml.js';
import { makeServicePlan } from '../../helpers/service-plan.js';
import { validateXml, whyNoXmllint } from '../../helpers/xmllint.js';

const reason = whyNoXmllint();

const ODD_PATH = '/Users/a & b/<"\'--%$>';
const launchd = makeServicePlan({ marker: 'launchd' });
const schtasks = makeServicePlan({ marker: 'schtasks', launcherPath: 'C:\\Users\\Ada & Söhne\\.xopc\\service\\launch.cmd', port: 1 });

/** As schtasks.exe is given it; the validator reads the declared encoding. */
const encode = (text: string): Buffer => Buffer.from(`\ufeff${text}`, 'utf16le');

describe.skipIf(process.platform === 'win32' || reason !== undefined)('a generated document', () => {
  test.each([
    { what: 'a LaunchAgent', text: plistText(launchd), schema: 'property-list.dtd' },
    { what: 'a LaunchAgent with odd paths', text: plistText({ ...launchd, home: ODD_PATH, host: '::1' }), schema: 'property-list.dtd' },
    { what: 'a task', text: encode(taskXml(schtasks, 'DESKTOP\\Ada & <Söhne>')), schema: 'task.xsd' },
  ])('is valid: $what', ({ text, schema }) => {
    expect(validateXml(text, schema)).toBe('');
  });

  test.each([
    { what: 'a boolean that is none', text: plistText(launchd).replace('<true/>', '<yes/>'), schema: 'property-list.dtd' },
    { what: 'a key without a value', text: plistText(launchd).replace('<true/>', ''), schema: 'property-list.dtd' },
    { what: 'more restarts than the scheduler counts', text: encode(taskXml(schtasks, 'A').replace('>255<', '>999<')), schema: 'task.xsd' },
    { what: 'an element that does not exist', text: encode(taskXml(schtasks, 'A').replaceAll('Hidden>', 'Secret>')), schema: 'task.xsd' },
  ])('would be found invalid for $what', ({ text, schema }) => {
    expect(validateXml(text, schema)).not.toBe('');
  });
});
