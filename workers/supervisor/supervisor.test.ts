import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { sleep } from '#server/platform/clock.ts';
import { parseEnv } from '#server/platform/env.ts';
import { createLogger } from '#server/platform/logger.ts';
import { isAlive, markOf } from '#server/platform/processes.ts';
import { Child } from './child.ts';
import { endLeftovers, lockHome, rememberChild } from './lock.ts';
import { Machine } from './machine.ts';
import { chooseModels } from './models.ts';
import { requireFreePort } from './ports.ts';

const home = mkdtempSync(path.join(tmpdir(), 'alai-supervisor-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));
const log = createLogger('test', { home, level: 'silent', tty: false });
const idle = ['-e', 'setInterval(() => {}, 1000)'];

describe('the lock of a home', () => {
  test('a second start is told who runs here and where', () => {
    const lock = lockHome(home, 'http://localhost:3052');
    expect(() => lockHome(home, 'http://localhost:9')).toThrow(
      expect.objectContaining({
        code: 'HOME_IN_USE',
        data: { pid: process.pid, url: 'http://localhost:3052' },
      }),
    );
    lock.release();
    lockHome(home, 'http://localhost:3052').release();
  });

  test('the lock of a process that was killed, or of another one with its id, is nobody’s', () => {
    for (const dead of [
      { pid: 2 ** 22 - 1, startTime: '1' },
      { pid: process.pid, startTime: 'another' },
    ]) {
      writeFileSync(path.join(home, 'supervisor.json'), JSON.stringify({ ...dead, url: 'http://x' }));
      lockHome(home, 'http://localhost:3052').release();
    }
  });

  test('a damaged lock does not stop a start', () => {
    writeFileSync(path.join(home, 'supervisor.json'), '{"pid":');
    lockHome(home, 'http://localhost:3052').release();
  });
});

test('a host that is written into the file while the factory runs gets its worker, once', async () => {
  const said: string[] = [];
  const machine = new Machine(home, log, (text) => said.push(text));
  const spec = (name: string) => ({ name, args: idle, env: { ...process.env } });
  const plan = [spec('host-old')];
  machine.start(plan);
  machine.follow(() => plan, 5);
  plan.push(spec('host-new'));
  try {
    await vi.waitFor(() => expect(said.join('\n')).toContain('Starting host-new'), { timeout: 10_000 });
    await sleep(40);
    expect(said.filter((text) => text.includes('host-new'))).toHaveLength(1);
    expect(said.filter((text) => text.includes('host-old'))).toHaveLength(0);
  } finally {
    await machine.stop();
  }
});

describe('leftovers of a killed supervisor', () => {
  test('are ended with their whole group', async () => {
    const left = spawn(process.execPath, idle, { detached: true, stdio: 'ignore' });
    const mark = markOf(left.pid!)!;
    rememberChild(home, 'conductor', left.pid!);
    expect(await endLeftovers(home)).toEqual(['conductor']);
    expect(isAlive(mark)).toBe(false);
    expect(await endLeftovers(home)).toEqual([]);
  });

  test('a process that only has the same id is left alone', async () => {
    const stranger = spawn(process.execPath, idle, { detached: true, stdio: 'ignore' });
    rememberChild(home, 'web', stranger.pid!);
    const file = path.join(home, 'run/processes/web.json');
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), startTime: '1' }));
    expect(await endLeftovers(home)).toEqual([]);
    expect(markOf(stranger.pid!)).toBeDefined();
    stranger.kill('SIGKILL');
  });
});

describe('a supervised process', () => {
  test('is started again with a reason when it dies, and ends when it is told to', async () => {
    const said: string[] = [];
    const spec = { name: 'dying', args: ['-e', 'process.exit(7)'], env: process.env };
    const child = new Child(spec, home, log, (text) => said.push(text));
    child.start();
    await vi.waitFor(() => expect(child.restarts).toBeGreaterThanOrEqual(2), {
      timeout: 20_000,
      interval: 50,
    });
    await child.stop(1_000);
    expect(said[0]).toMatch(/dying ended \(exit code 7\); starting it again in 0\.5 s/);
    expect(said[1]).toContain('in 1 s');
    const restarts = child.restarts;
    await sleep(2_200);
    expect(child.restarts).toBe(restarts);
  });

  test('whose output has grown begins a new one, and the part before is kept', async () => {
    const out = path.join(home, 'logs/wordy.out');
    mkdirSync(path.dirname(out), { recursive: true });
    writeFileSync(out, 'said before');
    truncateSync(out, 21 * 1024 * 1024);
    const child = new Child({ name: 'wordy', args: idle, env: process.env }, home, log, () => {});
    child.start();
    await child.stop(1_000);
    expect(statSync(out).size).toBe(0);
    expect(statSync(`${out}.1`).size).toBe(21 * 1024 * 1024);
  });

  test('that ignores SIGTERM is killed, with what it started', async () => {
    const script = `process.on('SIGTERM', () => {});
      const c = require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
      console.log(c.pid); setInterval(() => {}, 1000)`;
    const child = new Child(
      { name: 'stubborn', args: ['-e', script], env: process.env },
      home,
      log,
      () => {},
    );
    child.start();
    const out = path.join(home, 'logs/stubborn.out');
    await vi.waitFor(() => expect(Number(readFileSync(out, 'utf8'))).toBeGreaterThan(0), { timeout: 20_000 });
    const grandchild = markOf(Number(readFileSync(out, 'utf8')))!;
    await child.stop(200);
    await vi.waitFor(() => expect(isAlive(grandchild)).toBe(false), { timeout: 10_000 });
  });
});

describe('a process that hangs', () => {
  const limits = { everyMs: 50, looks: 10, looksAtStart: 40, graceMs: 50 };
  const beats = ['-e', `setInterval(() => process.send('alive', () => {}), 10)`];
  const spec = (name: string, args: string[]) => ({ name, args, env: { ...process.env } });
  const watched = (plan: ReturnType<typeof spec>[], answers: () => boolean, of = limits) => {
    const said: string[] = [];
    const deaths: string[] = [];
    let asked = 0;
    const machine = new Machine(home, log, (text) => said.push(text));
    machine.start(plan);
    machine.watchOver({
      limits: of,
      databaseAnswers: async () => {
        asked++;
        return answers();
      },
      record: (death) => deaths.push(death.name),
    });
    return { machine, said, deaths, asked: () => asked };
  };
  const pidOf = (name: string) =>
    JSON.parse(readFileSync(path.join(home, 'run/processes', `${name}.json`), 'utf8')).pid as number;

  test('is ended and started again, though a stopped one cannot even be asked to end', async () => {
    const m = watched([spec('stopped', beats)], () => true);
    try {
      const mark = markOf(pidOf('stopped'))!;
      process.kill(mark.pid, 'SIGSTOP');
      await vi.waitFor(() => expect(m.said.join()).toMatch(/stopped ended \(it did nothing for/), {
        timeout: 20_000,
      });
      await vi.waitFor(() => expect(isAlive(mark)).toBe(false), { timeout: 10_000 });
      await vi.waitFor(() => expect(pidOf('stopped')).not.toBe(mark.pid), { timeout: 20_000 });
      expect(m.deaths).toContain('stopped');
    } finally {
      await m.machine.stop();
    }
  });

  test('is left alone while the database does not answer, because then nobody can do anything', async () => {
    let answers = false;
    const m = watched([spec('silent', idle)], () => answers, { ...limits, looksAtStart: 3 });
    try {
      await vi.waitFor(() => expect(m.asked()).toBeGreaterThan(10), { timeout: 20_000 });
      expect(m.said).toEqual([]);
      answers = true;
      await vi.waitFor(() => expect(m.deaths).toContain('silent'), { timeout: 20_000 });
    } finally {
      await m.machine.stop();
    }
  });
});

test('a port in use is named, with another one to try', async () => {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
  await expect(requireFreePort(port, '127.0.0.1')).rejects.toMatchObject({
    code: 'PORT_IN_USE',
    hint: expect.stringContaining(`PORT=${port + 10}`),
  });
  server.close();
});

describe('choosing the model server', () => {
  const nowhere = 'http://127.0.0.1:1';

  test('nothing answers: the rehearsal, and it says so', async () => {
    const chosen = await chooseModels(parseEnv({ OLLAMA_HOST: nowhere }), 11_500);
    expect(chosen).toMatchObject({ kind: 'rehearsal', url: 'http://127.0.0.1:11500' });
    expect(chosen.said).toContain('scripted, no model is called');
  });

  test('the operator may insist on a server that is not there yet', async () => {
    const chosen = await chooseModels(parseEnv({ OLLAMA_HOST: nowhere, ALAI_REHEARSAL: 'never' }), 11_500);
    expect(chosen).toMatchObject({ kind: 'ollama', url: nowhere });
  });
});
