/** Values that suit a field or parameter by its name, so that requests are accepted. `JOB-ID` and the like stand for what exists. */

/** Values of fields and parameters that most of the API accepts, by their names. */
export const NAMED: Readonly<Record<string, readonly unknown[]>> = {
  key: ['SESSION-KEY'],
  session: ['SESSION-KEY', 'isolated'],
  messages: [
    [{ role: 'user', content: 'hello' }],
    [
      { role: 'system', content: 'be brief' },
      { role: 'user', content: [{ type: 'text', text: 'hello' }] },
    ],
  ],
  input: ['hello', [{ role: 'user', content: 'hello' }], [{ type: 'item_reference', id: 'ITEM-ID' }]],
  previous_response_id: ['RESPONSE-ID', null],
  conversation: ['CONVERSATION-ID', null, null],
  item: ['ITEM-ID'],
  job_id: ['JOB-ID'],
  messageId: ['CHAT-MESSAGE-ID'],
  before: ['1000'],
  attachments: [[]],
  channel: ['webhook', 'webchat'],
  accountId: ['default', 'service'],
  chat_id: ['chat', 5],
  schedule: ['0 9 * * *', 'every 10m', 'at 2030-01-01T09:00', '*/5 * * * *'],
  timezone: ['UTC', 'Europe/Berlin', 'system'],
  model: ['fake/one', 'fake/two', 'main'],
  agentId: ['main'],
  alertChannel: [null],
  alertChatId: [null],
  alertAccountId: [null],
  limit: ['1', '20'],
  hours: ['1', '24'],
  days: ['1', '7'],
  count: ['3'],
  stepMinutes: ['15', '60'],
  utcOffsetMinutes: ['0', '-60'],
  since: ['2026-01-01T00:00:00Z', '0'],
  until: ['2027-01-01T00:00:00Z'],
  hide: ['debug', 'info,warn'],
  level: ['info', 'warn'],
  regex: ['n \\d', '[a-z]+'],
  data: ['aGVsbG8='],
  n: [1],
  max_tokens: [50],
  logprobs: [false],
  'If-Match': ['"REVISION"'],
  'Idempotency-Key': ['key-1', 'key-2', 'key-3'],
};

/** Where `id` is in the path: of what. */
const ID_OF: Readonly<Record<string, string>> = {
  '/api/cron': 'JOB-ID',
  '/api/messages': 'MESSAGE-ID',
  '/api/attachments': 'ATTACHMENT-ID',
  '/api/config': 'VERSION-ID',
  '/v1/models': 'fake/one',
  '/v1/responses': 'RESPONSE-ID',
  '/v1/conversations': 'CONVERSATION-ID',
};

/** Returns the values for the parameters of a path. */
export const namesFor = (template: string): Readonly<Record<string, readonly unknown[]>> => {
  const [, area = ''] = /^(\/\w+\/[\w-]+)/.exec(template) ?? [];
  const id = ID_OF[area];
  return id === undefined ? NAMED : { ...NAMED, id: [id] };
};
