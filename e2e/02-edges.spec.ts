import { expect } from '@playwright/test';
import { test } from './story.ts';

const feed = '/api/events';
const board = `/api/trpc/board.get?batch=1&input=${encodeURIComponent('{"0":{"json":{"projectId":null}}}')}`;

test('nobody without a session reads or changes anything', async ({ request }) => {
  for (const path of [board, '/api/trpc/strip.get']) expect((await request.get(path)).status()).toBe(401);
  expect((await request.get(feed)).status()).toBe(401);
  const made = await request.post('/api/trpc/sample.run', { data: { json: {} } });
  expect(made.status()).toBe(401);
});

test('the API token of this machine opens it, a wrong one does not', async ({ request, factory }) => {
  const headers = { authorization: `Bearer ${factory.token}` };
  const ok = await request.get('/api/trpc/me.get', { headers });
  expect(await ok.json()).toMatchObject({ result: { data: { json: { role: 'ceo' } } } });
  const no = await request.get('/api/trpc/me.get', { headers: { authorization: 'Bearer alai_not_a_token' } });
  expect(no.status()).toBe(401);
});

test.describe('with a session', () => {
  test.use({ signedIn: true });

  test('another site cannot use it, neither to change nor to listen', async ({ request }) => {
    const foreign = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
    expect((await request.get(board, { headers: foreign })).status()).toBe(403);
    expect((await request.get(feed, { headers: foreign })).status()).toBe(403);
    const stop = await request.post('/api/trpc/factory.stop', {
      headers: foreign,
      data: { json: { reason: '' } },
    });
    expect(stop.status()).toBe(403);
  });

  test('refusals name what is wrong and what to do', async ({ request }) => {
    const input = encodeURIComponent('{"json":{"id":999999}}');
    const answer = await request.get(`/api/trpc/tasks.get?input=${input}`);
    expect(answer.status()).toBe(404);
    const { error } = (await answer.json()) as { error: { json: { data: { refusal: object } } } };
    expect(error.json.data.refusal).toEqual({
      code: 'NOT_FOUND',
      message: 'Task #999999 does not exist.',
      hint: 'Look the number up on the board, or search with /.',
    });
  });

  test('an address of nothing says so', async ({ page }) => {
    await page.goto('/tasks/999999');
    await expect(page.getByRole('alert').filter({ hasText: 'Task #999999 does not exist.' })).toBeVisible();
    await page.goto('/nothing/here');
    await expect(page.getByRole('heading', { name: 'Nothing is at this address.' })).toBeVisible();
  });
});

test('every answer carries the security headers', async ({ request }) => {
  const { headers } = { headers: (await request.get('/sign-in')).headers() };
  expect(headers['x-frame-options']).toBe('DENY');
  expect(headers['x-content-type-options']).toBe('nosniff');
  expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
  expect(headers['x-powered-by']).toBeUndefined();
});

test('health and readiness are open and true', async ({ request }) => {
  expect(await (await request.get('/health')).json()).toEqual({ ok: true });
  expect(await (await request.get('/ready')).json()).toMatchObject({ ready: true, worker: true });
});
