import { createHmac } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { timing } from '#server/domain/timing.ts';
import { channelRulesSchema } from '#server/domain/views/notifications.ts';
import { askHuman, escalationDigest } from '#server/engine/escalation.ts';
import { ENGINE } from '#server/engine/event.ts';
import { saveChannel } from '#server/notifications/commands.ts';
import { parseEnv } from '#server/platform/env.ts';
import { testDatabase } from '#test/database.ts';
import { testFactory, work } from '#test/factory.ts';
import { receiver } from '#test/receiver.ts';
import { keeperOf } from './notices.ts';
import type { Services } from './services.ts';
import { slackAction } from './slack.ts';

const { db } = await testDatabase();
const http = await receiver();
const env = parseEnv({
  ALAI_HOME: mkdtempSync(path.join(tmpdir(), 'slack-test-')),
  ALAI_AUTH_SECRET: 'k'.repeat(40),
  ALAI_WEBHOOK_ALLOW: http.host,
});
const s = { db, env, timing: timing(0.1) } as unknown as Services;
await db.pool.query(
  `INSERT INTO app_user(id, name, role) VALUES ('u1', 'Alem', 'ceo'), ('u2', 'Vida', 'viewer')`,
);
await saveChannel(keeperOf(s), {
  id: null,
  name: 'Slack',
  userId: null,
  rules: channelRulesSchema.parse({}),
  channel: {
    kind: 'slack',
    settings: { users: { U1: 'u1', U2: 'u2' } },
    secrets: { url: `${http.url}/in`, signingSecret: 'shh' },
  },
  by: 'Alem',
});
const f = await testFactory(db);
let id = 0;
let digest = '';
beforeEach(async () => {
  const { taskIds } = await f.create([work('Pricing')]);
  id = (await askHuman(db.pool, {
    kind: 'retries',
    taskId: taskIds[0] as number,
    actor: ENGINE,
    question: 'What now?',
    why: 'x',
  })) as number;
  digest = (await escalationDigest(db.pool, id)) as string;
});

function press(o: { user?: string; value?: string; note?: string; age?: number; key?: string } = {}) {
  const value = o.value ?? `${id}.${digest}.approve`;
  const action = o.note
    ? { action_id: 'answer:reject', selected_option: { value, text: { text: o.note } } }
    : { action_id: 'answer:approve', value };
  const payload = {
    type: 'block_actions',
    user: { id: o.user ?? 'U1' },
    response_url: `${http.url}/response`,
    actions: [action],
  };
  const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
  const timestamp = String(Math.floor(Date.now() / 1_000) - (o.age ?? 0));
  const signature = `v0=${createHmac('sha256', o.key ?? 'shh')
    .update(`v0:${timestamp}:${body}`)
    .digest('hex')}`;
  const headers = new Headers({ 'x-slack-request-timestamp': timestamp, 'x-slack-signature': signature });
  return slackAction(s, headers, body);
}
const state = async () =>
  (
    await db.pool.query<{ state: string; answer: string | null; answered_by: string | null; note: string }>(
      'SELECT state, answer, answered_by, note FROM escalation WHERE id = $1',
      [id],
    )
  ).rows[0];

it('answers in the name of the person behind the signature, and tells him', async () => {
  expect(await press()).toContain('Try again, by Alem.');
  expect(await state()).toMatchObject({ state: 'PENDING', answer: 'approve', answered_by: 'Alem' });
  expect(http.got.at(-1)?.path).toBe('/response');
  // The same press again, by retry or by thief, changes nothing.
  expect(await press()).toContain('Alem has answered this already: tried again.');
});

it('takes the chosen reason along', async () => {
  await press({ value: `${id}.${digest}.reject`, note: 'Not worth another try' });
  expect(await state()).toMatchObject({ state: 'PENDING', answer: 'reject', note: 'Not worth another try' });
});

it('hears nobody whose signature is old or wrong', async () => {
  await expect(press({ age: 301 })).rejects.toMatchObject({ code: 'SIGN_IN_REQUIRED' });
  await expect(press({ key: 'guess' })).rejects.toMatchObject({ code: 'SIGN_IN_REQUIRED' });
  expect(await state()).toMatchObject({ state: 'OPEN' });
});

it('refuses strangers, those who may only look, and what stood there before it changed', async () => {
  expect(await press({ user: 'U9' })).toContain('is nobody here');
  expect(await press({ user: 'U2' })).toContain('you may look, not answer');
  await db.pool.query(`UPDATE escalation SET why = 'y' WHERE id = $1`, [id]);
  expect(await press()).toContain('What you saw has changed since.');
  await db.pool.query(`UPDATE app_user SET disabled_at = now() WHERE id = 'u1'`);
  expect(await press()).toContain('is nobody here');
  await db.pool.query(`UPDATE app_user SET disabled_at = NULL WHERE id = 'u1'`);
  expect(await state()).toMatchObject({ state: 'OPEN' });
});
