import { describe, expect, it } from 'vitest';
import { may, type Permission, permissionNames, type Role, roles } from '#server/domain/permissions.ts';
import { timing } from '#server/domain/timing.ts';
import { escalationDigest } from '#server/engine/escalation.ts';
import { endAttempt } from '#server/engine/failure.ts';
import { testDatabase } from '#test/database.ts';
import { testFactory, work } from '#test/factory.ts';
import type { Viewer } from './auth.ts';
import { API_BYTES, refuseLargeBody } from './body.ts';
import { requireOwnOrigin } from './origin.ts';
import { needed } from './permissions.ts';
import { appRouter } from './root.ts';
import type { Services } from './services.ts';
import { createCallerFactory } from './trpc.ts';

const { db } = await testDatabase();
const s = { db, timing: timing(0.1) } as unknown as Services;
const person = (role: Role): Viewer => ({
  id: role,
  name: role,
  role,
  scopes: null,
  sessionId: null,
});
const as = (viewer: Viewer | null) => createCallerFactory(appRouter)({ viewer, s });
/** They need no input, so that to walk into them would do what they do. */
const acts = ['factory.stop', 'factory.resume', 'sample.run'];
type Procedure = { _def: { type: string } };
const procedures = Object.entries(appRouter._def.procedures as unknown as Record<string, Procedure>);
const call = (viewer: Viewer | null, path: string) => {
  const [room, name] = path.split('.') as [string, string];
  const caller = as(viewer) as unknown as Record<
    string,
    Record<string, (input?: unknown) => Promise<unknown>>
  >;
  return caller[room]?.[name]?.();
};

describe('every procedure', () => {
  it('is known here', () => expect(procedures.length).toBeGreaterThan(25));
  it.each(procedures.map(([path]) => path))('%s refuses a stranger', async (path) => {
    await expect(call(null, path)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  });
  it('has its row in the table, and the table has no other rows', () => {
    expect(Object.keys(needed).sort()).toEqual(procedures.map(([path]) => path).sort());
  });
  it('that changes something needs more than to look', () => {
    const changing = procedures.filter(([, p]) => p._def.type === 'mutation').map(([path]) => path);
    expect(changing.filter((path) => needed[path] === 'read')).toEqual([]);
  });

  /** Refused for who asks; whatever else it says (bad input, nothing there), it was let in. */
  const refused = async (viewer: Viewer, path: string) => {
    const said = await call(viewer, path)?.then(
      () => null,
      (e) => e,
    );
    return said?.code === 'FORBIDDEN';
  };
  const walked = procedures.filter(([path, p]) => p._def.type !== 'subscription' && !acts.includes(path));
  it.each(roles.flatMap((role) => walked.map(([path]) => [role, path] as const)))(
    '%s: %s is let in or refused as the table says',
    async (role, path) => {
      expect(await refused(person(role), path)).toBe(!may(role, null, needed[path] as Permission));
    },
  );
  it.each(permissionNames.flatMap((scope) => walked.map(([path]) => [scope, path] as const)))(
    'a token with the scope %s: %s',
    async (scope, path) => {
      const token = { ...person('ceo'), scopes: [scope] };
      // Nobody's token acts as a person, and inviting one is to come in as one.
      const given = scope !== 'self' && scope !== 'people';
      expect(await refused(token, path)).toBe(!given || needed[path] !== scope);
    },
  );
});

describe('consent to run without a sandbox', () => {
  it('is the owner’s, however it is given', async () => {
    const f = await testFactory(db);
    const { taskIds } = await f.create([work('Pricing')]);
    const a = await f.take(taskIds[0] as number);
    await endAttempt(db, f.publisher, a, { kind: 'yielded', reason: 'consent', question: 'May it?' });
    const { rows } = await db.pool.query<{ id: number }>(`SELECT id FROM escalation WHERE kind = 'consent'`);
    const id = rows[0]?.id as number;
    const digest = (await escalationDigest(db.pool, id)) as string;
    const input = { id, answer: 'approve' as const, note: '', digest };
    await expect(as(person('operator')).queue.decide(input)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(as(person('ceo')).queue.decide(input)).resolves.toMatchObject({
      effectiveAt: expect.any(Date),
    });
  });
});

it('nobody changes things without end: 1,200 tries a minute are enough', async () => {
  const flood = { ...person('ceo'), id: 'flood' };
  const tries = await Promise.all(
    Array.from(
      { length: 1_201 },
      async () => await call(flood, 'tasks.edit')?.catch((e: { code: string }) => e.code),
    ),
  );
  expect(tries.filter((code) => code === 'TOO_MANY_REQUESTS')).toHaveLength(1);
});

describe('a request', () => {
  const env = { HOST: '127.0.0.1', PORT: 3052, ALAI_PUBLIC_URL: undefined, ALAI_HOSTS: undefined };
  const check = (headers: Record<string, string>) => () =>
    requireOwnOrigin({ headers: new Headers({ host: 'localhost:3052', ...headers }) }, env);
  it.each<Record<string, string>>([
    {},
    { origin: 'http://localhost:3052', 'sec-fetch-site': 'same-origin' },
    { origin: 'http://127.0.0.1:3052', host: '127.0.0.1:3052' },
    { authorization: 'Bearer x', host: 'build.example' },
  ])('from our own pages is heard: %j', (headers) => expect(check(headers)).not.toThrow());
  it.each<Record<string, string>>([
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { origin: 'http://localhost:3053' },
    { origin: 'not a url' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { host: 'rebound.example' },
  ])('that another site makes a browser send is refused: %j', (headers) =>
    expect(check(headers)).toThrow(expect.objectContaining({ code: 'NOT_ALLOWED' })),
  );

  it('with a NUL in its text is refused by name, not by the database', async () => {
    const given = as(person('ceo')).tasks.cancel({ id: 1, reason: 'a\0b' });
    await expect(given).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  });

  const sized = (length: string | null, method = 'POST') =>
    refuseLargeBody(
      { method, headers: new Headers(length === null ? {} : { 'content-length': length }) },
      API_BYTES,
    );
  it('of a hundred megabytes is refused with 413 before it is read, in words a page can show', async () => {
    const refused = sized('100000000');
    expect(refused?.status).toBe(413);
    const body = (await refused?.json()) as { error: { json: { data: { refusal: { message: string } } } } };
    expect(body.error.json.data.refusal.message).toContain('100000000 bytes');
  });
  it('without an end is refused, an ordinary one and a read are not', () => {
    expect([sized(null)?.status, sized('5000'), sized(null, 'GET')]).toEqual([411, null, null]);
  });
});
