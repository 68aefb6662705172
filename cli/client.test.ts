import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { patientFetch } from './client.ts';

async function serverThat(answers: boolean): Promise<string> {
  const server = createServer((_, res) => {
    if (answers) res.end('{}');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('a server that hangs is spoken of, and let go of in the end', async () => {
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  onTestFinished(() => said.mockRestore());
  const asked = patientFetch({ quietMs: 10, mostMs: 300 })(await serverThat(false));
  await expect(asked).rejects.toThrow(/timeout/i);
  expect(said.mock.calls.map(([text]) => text)).toEqual([
    'Mission Control takes long to answer; waiting for it … (one that hangs is started again within a minute)\n',
  ]);
});

test('one that answers is not', async () => {
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  onTestFinished(() => said.mockRestore());
  const answer = await patientFetch({ quietMs: 60_000, mostMs: 60_000 })(await serverThat(true));
  expect(await answer.text()).toBe('{}');
  expect(said).not.toHaveBeenCalled();
});
