import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ollamaUrl, parseEnv } from './env.ts';
import { secrets } from './secrets.ts';

const home = mkdtempSync(path.join(tmpdir(), 'alai-secrets-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

describe('the environment', () => {
  test('has a default for everything and reads empty as unset', () => {
    const env = parseEnv({ PORT: '', DATABASE_URL: '', ALAI_HOME: '' });
    expect(env.PORT).toBe(3052);
    expect(env.DATABASE_URL).toBeUndefined();
    expect(env.ALAI_HOME).toBe(path.resolve('.alai'));
  });

  test('names what is wrong', () => {
    expect(() => parseEnv({ PORT: '99999', DATABASE_URL: 'mysql://x' })).toThrow(/PORT.*DATABASE_URL/s);
  });

  test.each([
    [undefined, 'http://127.0.0.1:11434'],
    ['0.0.0.0', 'http://127.0.0.1:11434'],
    ['forge:1234', 'http://forge:1234'],
    ['https://models.example', 'https://models.example'],
  ])('OLLAMA_HOST %s is %s', (value, expected) => {
    expect(ollamaUrl(value)).toBe(expected);
  });
});

describe('secrets', () => {
  test('are made up once, differ from each other and are readable by this user only', () => {
    const env = parseEnv({ ALAI_HOME: home });
    const first = secrets(env);
    expect(secrets(env)).toEqual(first);
    expect(new Set(Object.values(first)).size).toBe(4);
    for (const file of ['secrets.json', 'token'])
      expect(statSync(path.join(home, file)).mode & 0o777).toBe(0o600);
    expect(readFileSync(path.join(home, 'token'), 'utf8').trim()).toBe(first.apiToken);
  });

  test('are asked for when other machines can reach the server', () => {
    expect(() => secrets(parseEnv({ ALAI_HOME: home, HOST: '0.0.0.0' }))).toThrow('ALAI_AUTH_SECRET');
    expect(() => secrets(parseEnv({ ALAI_HOME: home, ALAI_AUTH_SECRET: 'short' }))).toThrow('32 characters');
  });

  test('are not replaced when their file is damaged', () => {
    writeFileSync(path.join(home, 'secrets.json'), '{"authSecret":');
    expect(() => secrets(parseEnv({ ALAI_HOME: home }))).toThrow('damaged');
  });
});
