import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { killGroup, reapLeftovers, startTimeOf } from './leftovers.ts';
import { noSandbox } from './none.ts';
import { runProcess } from './process.ts';
import { detectSandbox } from './registry.ts';
import type { Sandbox } from './sandbox.ts';

let dir: string;
let root: string;
let hostDir: string;
let sandbox: Sandbox;
const detected = await detectSandbox();
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'alai-sandbox-'));
  root = join(dir, 'tree');
  hostDir = join(dir, 'hosts/forge');
  await mkdir(root);
  await writeFile(join(dir, 'secret'), 'secret');
  sandbox = detected;
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const js = (code: string) => ['node', '-e', code];
const run = (argv: string[], over: Partial<Parameters<typeof runProcess>[0]> = {}) =>
  runProcess({
    argv,
    root,
    seconds: 20,
    outputBytes: 4_000,
    network: false,
    sandbox,
    hostDir,
    attempt: 1,
    signal: new AbortController().signal,
    ...over,
  });
const alive = (pid: number) => startTimeOf(pid) !== null;
const gone = (pid: number) => expect.poll(() => alive(pid)).toBe(false);

describe.skipIf(detected.kind === 'none' && !process.env.CI)('inside the OS sandbox', () => {
  it('is there, and says what it is', () => expect(sandbox.isolates).toBe(true));

  it('writes the worktree and nothing else', async () => {
    const r = await run(
      js(`
      const fs = require('fs');
      fs.writeFileSync('mine', 'x');
      for (const p of ['/usr/x', '/etc/x', '${dir}/secret', '${dir}/x']) {
        try { fs.writeFileSync(p, 'x'); console.log('WROTE', p); } catch (e) { console.log(e.code); }
      }`),
    );
    expect(r.exitCode).toBe(0);
    expect(r.output).not.toContain('WROTE');
    expect(await readdir(root)).toContain('mine');
  });

  it('sees no home, no other folder, no variable of ours', async () => {
    process.env.ALAI_TEST_SECRET = 'do-not-tell';
    const r = await run(
      js(`
      const fs = require('fs');
      console.log(JSON.stringify(process.env));
      for (const p of ['/root', '/home', '${dir}/secret', '/proc/1/environ']) {
        try { console.log('READ', p, fs.statSync(p).isFile() ? fs.readFileSync(p, 'utf8') : fs.readdirSync(p)); } catch {}
      }`),
    );
    delete process.env.ALAI_TEST_SECRET;
    expect(r.output).not.toContain('do-not-tell');
    expect(r.output).not.toContain('READ /root');
    expect(r.output).not.toContain('secret');
  });

  it('has no network unless the step says so, but its own loopback', async () => {
    const code = `
      const s = require('http').createServer((_, r) => r.end('ok')).listen(0, '127.0.0.1', async () => {
        console.log(await (await fetch('http://127.0.0.1:' + s.address().port)).text());
        console.log(Object.keys(require('os').networkInterfaces()).join());
        s.close();
      });`;
    const r = await run(js(code));
    expect(r.output.trim().split('\n')).toEqual(['ok', 'lo']);
  });

  it('sees the repository under a neutral path', async () => {
    expect((await run(js('console.log(process.cwd())'))).output.trim()).toBe('/workspace');
  });
});

describe.each([
  ['the sandbox', detected],
  ['no sandbox', noSandbox],
] as const)('a command under %s', (_, kind) => {
  const start = (argv: string[], over = {}) => run(argv, { sandbox: kind, ...over });

  it('gives exit code and output, colours and hidden characters made visible', async () => {
    const r = await start(
      js(String.raw`console.log('\u001b[31mred\u001b[0m \u202edangerous'); process.exit(3)`),
    );
    expect(r.exitCode).toBe(3);
    expect(r.output).toBe('red \\u{202e}dangerous\n');
    expect(r.sandboxed).toBe(kind.isolates);
  });

  it('is cut when it prints without end', async () => {
    const r = await start(js(`for (let i = 0; i < 200000; i++) console.log('line ' + i)`));
    expect(r.cut).toBe(true);
    expect(Buffer.byteLength(r.output)).toBeLessThan(5_000);
  });

  it('is stopped when its time is over', async () => {
    const r = await start(js('setInterval(() => {}, 1000)'), { seconds: 0.5 });
    expect(r).toMatchObject({ timedOut: true, exitCode: null });
  });

  it('dies at an abort, with all it started', async () => {
    const controller = new AbortController();
    const mark = `alai-mark-${Math.random().toString(36).slice(2)}`;
    const code = `require('child_process').spawn('sleep', ['600'], { argv0: '${mark}' }); setInterval(() => {}, 1000)`;
    const running = start(js(code), { signal: controller.signal });
    running.catch(() => {});
    while (!(await findProcess(mark))) await sleep(20);
    const pid = (await findProcess(mark)) as number;
    controller.abort(new Error('stopped'));
    await expect(running).rejects.toThrow('stopped');
    await gone(pid);
  });

  it('leaves nothing in the background when it ends', async () => {
    const mark = `alai-mark-${Math.random().toString(36).slice(2)}`;
    const code = `require('child_process').spawn('sleep', ['600'], { argv0: '${mark}', stdio: 'ignore' }).unref()`;
    await start(js(code));
    await expect.poll(() => findProcess(mark)).toBe(null);
  });
});

it('without a sandbox, also what left its process group dies with its command', async () => {
  const mark = `alai-mark-${Math.random().toString(36).slice(2)}`;
  const code = `require('child_process').spawn('sleep', ['600'], { argv0: '${mark}', stdio: 'ignore', detached: true }).unref()`;
  await run(js(code), { sandbox: noSandbox });
  await expect.poll(() => findProcess(mark)).toBe(null);
});

describe.each([
  ['the sandbox', detected],
  ['no sandbox', noSandbox],
] as const)('what would harm the machine, under %s', (_, kind) => {
  const bounds = { processes: 40, bytes: 400 * 1024 ** 2 };
  const marked = () => `alai-mark-${Math.random().toString(36).slice(2)}`;

  it.skipIf(process.platform !== 'linux')(
    'a fork bomb is stopped by its number, and nothing of it lives on',
    async () => {
      const mark = marked();
      const bomb = `setInterval(() => { for (let i = 0; i < 10; i++) require('child_process').spawn('sleep', ['600'], { argv0: '${mark}', stdio: 'ignore' }); }, 5)`;
      const r = await run(js(bomb), { sandbox: kind, bounds });
      expect(r).toMatchObject({ exitCode: null, timedOut: false });
      expect(r.stopped).toContain('more than 40 processes');
      await expect.poll(() => findProcess(mark)).toBe(null);
    },
  );

  it.skipIf(process.platform !== 'linux')('memory without end is stopped by its amount', async () => {
    const eat = 'const all = []; setInterval(() => all.push(Buffer.alloc(32 * 1024 ** 2, 1)), 5)';
    const r = await run(js(eat), { sandbox: kind, bounds });
    expect(r.stopped).toContain('MB of memory');
  });

  it.skipIf(process.platform !== 'linux')(
    'killed while the sandbox is being made, nobody is left in it',
    async () => {
      const mark = marked();
      for (let ms = 2; ms < 42; ms++) {
        const controller = new AbortController();
        setTimeout(() => controller.abort(new Error('stop')), ms);
        const code = `process.title = '${mark}'; setInterval(() => {}, 1_000)`;
        await run(js(code), { sandbox: kind, signal: controller.signal }).catch(() => {});
      }
      await expect.poll(() => findProcess(mark)).toBe(null);
    },
  );

  it.skipIf(process.platform !== 'linux')('a daemon that left its session is dead at the end', async () => {
    const mark = marked();
    const inner = `require('child_process').spawn('sleep', ['600'], { argv0: '${mark}', detached: true, stdio: 'ignore' }).unref()`;
    const code = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(inner)}], { detached: true, stdio: 'ignore' }).unref(); setTimeout(() => {}, 300)`;
    await run(js(code), { sandbox: kind });
    await expect.poll(() => findProcess(mark)).toBe(null);
  });
});

describe.skipIf(!detected.isolates)('what a command reaches from inside', () => {
  it('is no service of this machine', async () => {
    const { createServer } = await import('node:net');
    let asked = 0;
    const server = createServer((s) => {
      asked++;
      s.destroy();
    });
    await new Promise<void>((r) => server.listen(0, '0.0.0.0', r));
    const { port } = server.address() as { port: number };
    const code = `
      const net = require('net');
      const tried = (host) => new Promise(r => { const s = net.connect({ host, port: ${port}, timeout: 500 }); for (const e of ['connect', 'error', 'timeout']) s.on(e, x => r(e === 'connect' ? 'REACHED' : String(x?.code ?? e))); });
      (async () => { for (const h of ['127.0.0.1', '10.0.0.1', '169.254.169.254']) console.log(await tried(h)); process.exit(0); })();`;
    const r = await run(js(code));
    server.close();
    expect(r.output).not.toContain('REACHED');
    expect(asked).toBe(0);
  });

  it('is no repository: the git directory lies outside, and none can be put in its place', async () => {
    const gitDir = join(hostDir, 'clones/p1.git');
    await mkdir(gitDir, { recursive: true });
    await writeFile(join(gitDir, 'config'), '[core]');
    const r = await run(
      js(
        `try { require('fs').appendFileSync('${gitDir}/config', 'x'); console.log('WROTE'); } catch (e) { console.log(e.code); }`,
      ),
    );
    expect(r.output.trim()).toBe('ENOENT');
  });

  it('is no device but the harmless ones, no mount, and no file that belongs to the system', async () => {
    const code = `
      const fs = require('fs'), cp = require('child_process');
      console.log(fs.readdirSync('/dev').filter(d => /^(sd|vd|nvme|mem|kmsg|kvm|fuse)/.test(d)).join());
      for (const argv of [['mount', '-t', 'tmpfs', 'x', '/workspace'], ['umount', '/workspace'], ['mknod', 'disk', 'b', '8', '0'], ['chroot', '/', 'true']])
        console.log(cp.spawnSync(argv[0], argv.slice(1)).status === 0 ? 'DID ' + argv[0] : 'no');`;
    const r = await run(js(code));
    expect(r.output.trim().split('\n').slice(-4)).toEqual(['no', 'no', 'no', 'no']);
    expect(r.output).not.toMatch(/^(sd|vd|nvme|mem|kmsg)/m);
  });
});

describe('what a dead host left', () => {
  it('is killed by the next one, and a process with a recycled number is not', async () => {
    const own = join(dir, 'hosts/anvil');
    await mkdir(join(own, 'run'), { recursive: true });
    const left = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
    const other = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
    const [a, b] = [left.pid as number, other.pid as number];
    await writeFile(join(own, 'run', `${a}.json`), JSON.stringify({ pid: a, start: startTimeOf(a) }));
    await writeFile(join(own, 'run', `${b}.json`), JSON.stringify({ pid: b, start: 'long ago' }));
    await writeFile(join(own, 'run', 'broken.json'), '{');
    expect(await reapLeftovers(own)).toBe(1);
    expect(await readdir(join(own, 'run'))).toEqual([]);
    await gone(a);
    expect(alive(b)).toBe(true);
    killGroup(b);
  });

  it('gives its clones back without the lock files of a killed git', async () => {
    const own = join(dir, 'hosts/locked');
    const refs = join(own, 'clones/p.git/refs/remotes/origin');
    await mkdir(refs, { recursive: true });
    for (const name of ['main', 'main.lock']) await writeFile(join(refs, name), '');
    await reapLeftovers(own);
    expect(await readdir(refs)).toEqual(['main']);
  });

  it('never runs a command whose pid could not be written down', async () => {
    const blocked = join(dir, 'hosts/blocked');
    await mkdir(blocked, { recursive: true });
    await writeFile(join(blocked, 'run'), 'a file where the folder should be');
    await expect(run(js(`require('fs').writeFileSync('ran', '')`), { hostDir: blocked })).rejects.toThrow();
    expect(await readdir(root)).not.toContain('ran');
  });
});

/** The pid of a process started under this name, seen from outside of its sandbox. */
async function findProcess(mark: string): Promise<number | null> {
  const { execFileSync } = await import('node:child_process');
  const lines = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' }).split('\n');
  const line = lines.find((l) => l.trim().split(/\s+/)[1] === mark);
  return line ? Number(line.trim().split(/\s+/)[0]) : null;
}
