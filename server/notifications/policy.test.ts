import { describe, expect, it } from 'vitest';
import { needsReason } from '#server/domain/answers.ts';
import { told } from '#server/domain/told.ts';
import { type ChannelRules, channelRulesSchema, severities } from '#server/domain/views/notifications.ts';
import { isInner, post, requireOuter } from '#server/platform/outgoing.ts';
import { backoff, consequencesHere, noticeOf, planTelling, quietUntil, retryAfter } from './policy.ts';

const rules = (over: Partial<ChannelRules> = {}): ChannelRules => channelRulesSchema.parse(over);
const night = { quiet: { from: '22:00', to: '07:00' }, timeZone: 'Europe/Stockholm' };

describe('quiet hours', () => {
  it('are those of the reader’s clock, over midnight', () => {
    const at = (utc: string) => quietUntil(rules(night), new Date(utc))?.toISOString() ?? null;
    expect(at('2026-11-21T20:59:00Z')).toBeNull();
    expect(at('2026-11-21T21:00:00Z')).toBe('2026-11-22T06:00:00.000Z');
    expect(at('2026-11-22T05:59:59Z')).toBe('2026-11-22T06:00:00.000Z');
    expect(at('2026-11-22T06:00:00Z')).toBeNull();
    // In summer the same clock is another hour of the world.
    expect(at('2026-07-01T20:30:00Z')).toBe('2026-07-02T05:00:00.000Z');
  });
  it('end by the new clock in the night it changes', () => {
    expect(quietUntil(rules(night), new Date('2026-03-28T22:00:00Z'))?.toISOString()).toBe(
      '2026-03-29T05:00:00.000Z',
    );
  });
  it('hold back what may wait, and urgent things only where they may not wake', () => {
    const at = new Date('2026-11-21T23:00:00Z');
    expect(planTelling(rules(night), 'normal', at)?.at.toISOString()).toBe('2026-11-22T06:00:00.000Z');
    expect(planTelling(rules(night), 'urgent', at)?.at).toEqual(at);
    expect(planTelling(rules({ ...night, urgentWakes: false }), 'urgent', at)?.at).not.toEqual(at);
  });
  it('know no zone that is none', () => {
    expect(() => rules({ timeZone: 'Mars/Olympus' })).toThrow('time zone');
    expect(() => rules({ quiet: { from: '25:00', to: '07:00' } })).toThrow('time');
  });
});

it('every notice is named, with its severity, where a person chooses what he is told', () => {
  const event = { id: '1', entityId: '1', taskId: 1, pipelineId: 1, actor: 'Alem', reason: 'x', title: 'y' };
  const question = { question: 'q', why: '', assignedTo: 'u', times: 2 };
  const of = (type: string, data: Record<string, unknown> = {}, kind?: 'budget' | 'retries' | 'key') =>
    noticeOf({ ...event, type, data, question: kind ? { ...question, kind } : null });
  const notices = [
    of('escalation.open', { kind: 'budget' }, 'budget'),
    of('escalation.open', { kind: 'key' }, 'key'),
    of('escalation.asked_again', {}, 'retries'),
    of('escalation.assigned', {}, 'retries'),
    ...['pipeline.failed', 'pipeline.done', 'task.failed', 'attempt.lost', 'attempt.timed_out'].map((t) =>
      of(t),
    ),
    ...['budget.warned', 'trouble.began', 'trouble.ended', 'factory.stopped'].map((t) => of(t)),
    of('trouble.began', { severity: 'urgent' }),
  ];
  const said = severities.flatMap((severity) => told[severity].map(({ kind }) => `${severity} ${kind}`));
  expect(new Set(notices.map((n) => `${n?.severity} ${n?.kind}`))).toEqual(new Set(said));
});

it('gathers low ones until the next full hour, and tells nothing that is off', () => {
  const at = new Date('2026-11-21T12:05:00Z');
  expect(planTelling(rules(), 'low', at)).toMatchObject({
    digest: true,
    at: new Date('2026-11-21T13:00:00Z'),
  });
  expect(planTelling(rules({ low: 'off' }), 'low', at)).toBeNull();
});

it('waits longer each time, never sooner than it was asked to, and never for ever', () => {
  const wait = (n: number, retryAfterMs: number | null = null) =>
    backoff(n, { base: 15_000, random: 0.5, retryAfterMs });
  expect([1, 2, 3, 8].map((n) => wait(n))).toEqual([15_000, 30_000, 60_000, 1_920_000]);
  expect(wait(1, 120_000)).toBe(120_000);
  expect(wait(1, 10 ** 12)).toBe(6 * 60 * 60_000);
  expect(backoff(1, { base: 1_000, random: 0 })).not.toBe(backoff(1, { base: 1_000, random: 1 }));
  const now = new Date('2026-11-21T12:00:00Z');
  expect(retryAfter('7', now)).toBe(7_000);
  expect(retryAfter('Sat, 21 Nov 2026 12:01:00 GMT', now)).toBe(60_000);
  expect(retryAfter('soon', now)).toBeNull();
});

describe('addresses', () => {
  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '169.254.169.254',
    '192.168.0.1',
    '0.0.0.0',
    '100.64.0.1',
    '224.0.0.1',
    '::1',
    '::ffff:10.0.0.1',
    'fe80::1',
    'fd00::1',
    '64:ff9b::a00:1',
    'not an address',
  ])('%s is inner', (address) => expect(isInner(address)).toBe(true));
  it.each(['8.8.8.8', '1.1.1.1', '2606:4700::1111'])('%s is not', (address) =>
    expect(isInner(address)).toBe(false),
  );
  it.each([
    'https://127.0.0.1/hook',
    'https://localhost/hook',
    'https://[::1]/hook',
    'https://0x7f.1/hook',
    'https://2130706433/hook',
    'https://169.254.169.254/latest/meta-data',
    'http://example.com/hook',
    'ftp://example.com/hook',
    'file:///etc/passwd',
    'https://me:pw@example.com/hook',
    'nonsense',
  ])('%s is refused at save', async (address) => {
    await expect(requireOuter(address, { allow: [] })).rejects.toMatchObject({ code: 'ADDRESS_REFUSED' });
  });
  it('are judged again when connecting: by number, and by what a name points to then', async () => {
    for (const address of ['https://127.0.0.1:1/hook', 'https://localhost:1/hook'])
      await expect(post(address, {}, '', { allow: [] })).rejects.toMatchObject({ code: 'ADDRESS_REFUSED' });
  });
  it('of the inner net are called where the operator allows that very one', async () => {
    await expect(
      requireOuter('http://127.0.0.1:8123/x', { allow: ['127.0.0.1:8123'] }),
    ).resolves.toBeInstanceOf(URL);
    await expect(
      requireOuter('http://127.0.0.1:8124/x', { allow: ['127.0.0.1:8123'] }),
    ).rejects.toMatchObject({
      code: 'ADDRESS_REFUSED',
    });
  });
});

it.each([
  ['safety', 'May agents start on "Menu"?', '', true],
  ['safety', 'May agents start on "Menu"?', 'And pay the supplier.', false],
  ['retries', '"Menu" failed 3 times. What now?', 'The menu, as a page.', true],
  ['permission', 'CodeCraft wants to do this:\n\nnpm publish', '', false],
  ['question', 'x'.repeat(301), '', false],
  ['budget', 'The budget of CodeCraft is used up. Spend more?', '', true],
  ['quota', `The account of ${'x'.repeat(300)} is empty.`, '', false],
] as const)(
  'a notice of %s that says "%s" (%j) may be answered by one touch where it is read: %s',
  (kind, question, text, may) => {
    const all = { approve: 'a', send_back: 's', reject: 'r' };
    const one = (a: 'approve' | 'send_back') => (may || needsReason(kind, a) ? all[a] : null);
    expect(consequencesHere({ kind, question, text, consequences: all })).toEqual({
      approve: one('approve'),
      send_back: one('send_back'),
      reject: 'r',
    });
  },
);

it('tells once that most of a budget is spent, and where to look', () => {
  const about = { taskId: null, pipelineId: null, question: null, title: null, data: {} };
  const reason = 'More than 80 % of the €15.00 of today is spent.';
  const said = noticeOf({
    ...about,
    id: '7-1',
    type: 'budget.warned',
    entityId: 'day:',
    actor: 'engine',
    reason,
  });
  expect(said).toMatchObject({ severity: 'normal', body: reason, path: '/spend' });
});

it.each([
  ['trouble.began', 'urgent', 'urgent', 'FORGE has 1.2 GB of disk left', 'It is full. Make room.'],
  ['trouble.began', 'normal', 'normal', 'FORGE has 1.2 GB of disk left', 'It is full. Make room.'],
  ['trouble.ended', 'normal', 'normal', 'Over: FORGE has 1.2 GB of disk left', ''],
])('tells of a trouble (%s, %s) as %s', (type, severity, told, title, body) => {
  const about = { taskId: null, pipelineId: null, question: null, title: null, actor: 'engine', id: '7-1' };
  const data = { severity, why: 'It is full.', hint: 'Make room.' };
  const reason = 'FORGE has 1.2 GB of disk left';
  expect(noticeOf({ ...about, type, entityId: 'disk:forge', reason, data })).toMatchObject({
    ...{ kind: 'trouble', severity: told, title, body, path: '/fleet' },
  });
});
