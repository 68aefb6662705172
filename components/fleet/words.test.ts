import { describe, expect, it } from 'vitest';
import { fleet, quietFleet } from '../fixtures/fleet.ts';
import { ago, now } from '../fixtures/moment.ts';
import {
  besideServices,
  fleetSentence,
  memoryText,
  modelStanding,
  orderText,
  progressText,
  remedyOf,
  standing,
} from './words.ts';

const [forge, anvil] = fleet.hosts as [(typeof fleet.hosts)[0], (typeof fleet.hosts)[0]];

describe('a host', () => {
  it('says what it does, who stopped it and why, and how long what runs has left', () => {
    expect(standing(forge)).toEqual({ shape: 'running', word: '3 of 3 slots busy' });
    expect(orderText(forge, now.getTime())).toBe('');
    expect(standing(anvil).word).toBe('Draining');
    expect(orderText(anvil, now.getTime())).toMatch(
      /^By Alem at \d\d:\d\d: macOS update tonight · what runs has 7m left$/,
    );
    expect(orderText({ ...anvil, drainUntil: ago(1) }, now.getTime())).toMatch(/is being handed back$/);
  });

  it('says what to do when it does not work', () => {
    expect(remedyOf(forge)).toBe('');
    expect(remedyOf(quietFleet.hosts[1] as never)).toContain('npx alai worker --host anvil');
    const probe = {
      at: now,
      reachable: false,
      version: null,
      ms: 1,
      problem: { message: 'Nothing answers', hint: 'Start Ollama.' },
    };
    expect(remedyOf({ ...forge, probe })).toBe('Nothing answers. Start Ollama.');
    expect(standing({ ...forge, running: [], probe })).toEqual({ shape: 'failed', word: 'No model server' });
  });

  it('counts its memory by what is loaded', () => {
    expect(memoryText(forge)).toBe('35.5 GB of 256 GB');
    expect(memoryText({ models: [], memoryGb: 96 })).toBe('Nothing loaded, 96 GB');
    expect(memoryText({ models: [], memoryGb: null })).toBe('Nothing loaded');
  });
});

it('the fleet is one sentence', () => {
  expect(fleetSentence(fleet)).toBe(
    '1 may be stuck · 1 of 2 hosts take work · 4 of 5 slots busy · 52 tasks wait · 1 model left alone · 1 agent left alone',
  );
  const calm = {
    ...forge,
    queued: 0,
    running: forge.running.map((r) => ({ ...r, suspicious: false })),
    models: forge.models.map((m) => ({ ...m, breaker: null })),
    agents: [],
  };
  expect(fleetSentence({ stopped: null, hosts: [calm] })).toBe('1 host · 3 of 3 slots busy · nothing waits');
});

it('a pull says how far it is, and when it waits or ends', () => {
  const [job] = forge.jobs;
  if (!job) throw new Error('no job');
  expect(progressText(job)).toBe('103 GB of 240 GB · 61 MB/s · 37m left');
  expect(progressText({ ...job, state: 'QUEUED' })).toBe('waits for its worker');
  expect(progressText({ ...job, cancelledBy: 'Alem' })).toBe('is being cancelled');
});

it('a model says where it stands, and that it is larger than the memory of its host', () => {
  const [used, , planned] = forge.models;
  if (!used || !planned) throw new Error('no models');
  const idle = { ...used, running: 0 };
  expect(modelStanding(used, 256).word).toBe('In use');
  expect(modelStanding(idle, 256).word).toBe('Loaded');
  expect(modelStanding({ ...idle, loaded: null }, 256).word).toBe('Pulled');
  expect(modelStanding({ ...idle, loaded: null }, 16).word).toBe('Too large');
  expect(modelStanding(planned, 256).word).toBe('Not pulled');
});

describe('what is wrong with the fleet', () => {
  it('is told once: a service that is left alone has its own line', () => {
    expect(besideServices(fleet.troubles, fleet).map((x) => x.key)).toEqual(['disk:forge']);
    expect(besideServices(fleet.troubles, { services: [] })).toHaveLength(2);
  });
});
