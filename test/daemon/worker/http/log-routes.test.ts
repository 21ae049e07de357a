import { expect, test } from 'vitest';
import { logEvents } from '../../../../shared/api/logs.js';
import { startHttpApp, TOKEN } from '../../../helpers/http-app.js';
import { openWire } from '../../../helpers/http-request.js';

test('the log is followed as server-sent events in their documented shapes, with the token only', async () => {
  const app = await startHttpApp();
  const head = 'GET /api/logs/follow?level=warn&from=abc HTTP/1.1\r\nHost: localhost\r\n';
  const stranger = await openWire(app.port, `${head}\r\n`);
  await stranger.until(/UNAUTHORIZED/);
  const wire = await openWire(app.port, `${head}Authorization: Bearer ${TOKEN}\r\n\r\n`);
  await wire.until(/event: gap[\s\S]*\r\n0\r\n\r\n/);
  expect(wire.received()).toMatch(/200 OK[\s\S]*text\/event-stream; charset=utf-8/);
  const events = [...wire.received().matchAll(/event: (\w+)\ndata: (.*)\n\n/g)];
  expect(events.map(([, type]) => type)).toEqual(['lines', 'gap']);
  const schemas = logEvents();
  for (const [, type = '', data = ''] of events)
    expect(schemas[type as keyof typeof schemas].safeParse(JSON.parse(data)).error).toBeUndefined();
  expect(app.services.calls).toEqual([{ name: 'logs.follow', input: { level: 'warn', from: 'abc' } }]);
});
