import { expect, it } from 'vitest';
import { AlaiError } from '#server/domain/errors.ts';
import { createDb } from '#server/platform/db.ts';
import { freePort } from '#server/platform/ports.ts';
import { testDatabase } from '#test/database.ts';
import { writeEnding } from './ending.ts';

const { db } = await testDatabase();
const patient = { everyMs: 1, forMs: 60_000 };

it('an ending is written once the database is back', async () => {
  const nobody = createDb(`postgresql://alai@127.0.0.1:${await freePort()}/none`);
  const tried: string[] = [];
  await writeEnding(async () => {
    const to = tried.length < 3 ? nobody : db;
    tried.push(to === db ? 'answered' : 'away');
    await to.pool.query('SELECT 1');
  }, patient);
  expect(tried).toEqual(['away', 'away', 'away', 'answered']);
  await nobody.close();
});

it.each([
  ['a connection that is waited for in vain', new Error('timeout exceeded when trying to connect')],
  ['a connection that is lost', new Error('Connection terminated unexpectedly')],
])('after %s it is tried until that is too late', async (_, error) => {
  let tries = 0;
  const write = async () => {
    tries++;
    throw error;
  };
  await expect(writeEnding(write, { everyMs: 1, forMs: 50 })).rejects.toBe(error);
  expect(tries).toBeGreaterThan(1);
});

it.each([
  ['the rules refuse', new AlaiError('BAD_INPUT', 'no', 'Do not.')],
  ['is a mistake of ours', new TypeError('x is not a function')],
])('what %s is not tried again', async (_, error) => {
  let tries = 0;
  const write = async () => {
    tries++;
    throw error;
  };
  await expect(writeEnding(write, patient)).rejects.toBe(error);
  expect(tries).toBe(1);
});
