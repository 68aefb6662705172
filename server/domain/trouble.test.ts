import { describe, expect, test } from 'vitest';
import { DISK_LOW, DISK_NEEDED } from './disk.ts';
import { timing } from './timing.ts';
import { type FleetFacts, troublesOf } from './trouble.ts';

const t = timing();
const host = (name: string, over: Partial<FleetFacts['hosts'][number]> = {}) => ({
  ...{
    name,
    label: name.toUpperCase(),
    state: 'LIVE' as const,
    local: false,
    standBy: null,
    silentMs: 1_000,
  },
  ...{ reachable: true, problem: '', diskFree: 500e9 },
  ...over,
});
const of = (hosts: FleetFacts['hosts'], breakers: FleetFacts['breakers'] = []) =>
  troublesOf({ hosts, breakers, restarts: [], told: [] }, t);
const afterTold = (keys: string[], hosts: FleetFacts['hosts']) =>
  troublesOf(
    { hosts, breakers: [], restarts: [], told: keys.map((key) => ({ key, severity: 'urgent' })) },
    t,
  );
const gone = { silentMs: 60_000 };

describe('what is wrong with the fleet', () => {
  test('is nothing while all is well, and nothing that a person wanted so', () => {
    expect(of([host('anvil'), host('forge')])).toEqual([]);
    expect(of([host('anvil'), host('forge', { ...gone, state: 'STOPPED' })])).toEqual([]);
    expect(of([host('anvil'), host('forge', { silentMs: null })])).toEqual([]);
  });

  test('is a host that is not heard of, with who takes its work; urgent when it was the last', () => {
    expect(of([host('anvil'), host('forge', { ...gone, standBy: 'anvil' })])).toMatchObject([
      { key: 'host:forge', severity: 'normal', why: expect.stringContaining('goes to ANVIL') },
    ]);
    // Each by its name, or two that are lost together read as one that is told twice.
    const all = of([host('anvil', gone), host('forge', gone)]);
    expect(all.map((x) => x.title)).toEqual(['ANVIL is not heard of', 'FORGE is not heard of']);
    expect(all.map((x) => x.severity)).toEqual(['urgent', 'urgent']);
    expect(all[0]?.why).toContain('No host is heard of: nothing is worked on.');
  });

  test('is said of a silent host once, whatever else was wrong with it', () => {
    expect(of([host('anvil'), host('forge', { ...gone, reachable: false, diskFree: 1 })])).toHaveLength(1);
  });

  test('is a disk that fills, before and after nothing starts any more', () => {
    expect(of([host('forge', { diskFree: DISK_LOW - 1 })])).toMatchObject([
      { severity: 'normal', holdMs: 0 },
    ]);
    expect(
      of([host('anvil', { reachable: false }), host('forge', { diskFree: DISK_NEEDED - 1 })]),
    ).toMatchObject([
      { key: 'disk:forge', severity: 'urgent', why: 'Below 2.0 GB nothing new starts there.' },
      { key: 'models:anvil', severity: 'normal' },
    ]);
  });

  test('is a process that ends again and again, until it lives for a while', () => {
    const ended = (times: number, told: string[] = []) =>
      troublesOf(
        {
          hosts: [host('forge')],
          breakers: [],
          restarts: [{ name: 'host-forge', times, reason: 'exit code 1' }],
          told: told.map((key) => ({ key, severity: 'normal' })),
        },
        t,
      );
    expect(ended(4)).toEqual([]);
    expect(ended(5)).toMatchObject([
      {
        key: 'process:host-forge',
        title: 'host-forge has to be started again and again',
        why: 'Last: exit code 1.',
        holdMs: 0,
      },
    ]);
    expect(ended(1, ['process:host-forge'])).toHaveLength(1);
  });

  test('that was told is not over because its host is paused, and nothing new is said of that', () => {
    const full = { diskFree: DISK_NEEDED - 1, state: 'PAUSED' as const };
    const keys = (told: string[], over: object) =>
      afterTold(told, [host('anvil'), host('forge', { ...full, ...over })]).map((x) => x.key);
    expect(keys(['disk:forge'], { reachable: false })).toEqual(['disk:forge']);
    expect(keys(['disk:forge'], { diskFree: 500e9 })).toEqual([]);
    expect(keys(['host:forge'], { ...gone, state: 'STOPPED' })).toEqual(['host:forge']);
    expect(keys([], gone)).toEqual([]);
  });

  test('is a key that is not taken at once, and a model that does not answer only when that lasts', () => {
    const breakers = [
      { host: '*', model: 'openai', code: 'PROVIDER_KEY', error: '401' },
      { host: 'forge', model: 'qwen3:8b', code: 'MODEL_TIMEOUT', error: 'It hangs' },
    ];
    expect(of([host('forge')], breakers)).toMatchObject([
      { title: 'openai does not take its key', holdMs: 0 },
      { title: 'qwen3:8b on forge does not answer', holdMs: 5 * t.queueWait },
    ]);
  });
});
