import { execFileSync } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { git, gitLine } from '#server/platform/git.ts';
import { createGitHttp } from '#server/projects/git-http.ts';
import { factoriesOfThisFile, node } from '#test/attempt.ts';
import { checkoutMain } from '#test/execution.ts';
import { memoryPorts } from '#test/ports.ts';
import { bentoFiles } from '#test/repository.ts';
import { createRunner } from '#workers/runner.ts';

const API = 'Bento: API — user auth + subscription management endpoints';
const factory = factoriesOfThisFile();

describe('the Bento API', { timeout: 180_000 }, () => {
  it('is built, rejected, mended, reviewed, audited and merged', async () => {
    const f = await factory(await bentoFiles('scaffold', 'schema'));
    const run = await f.chain({ id: 4004, title: API });
    expect(
      run.history.map((h) => `${h.stage} ${h.cycle} ${h.outcome.kind === 'done' && h.outcome.verdict}`),
    ).toEqual(['BUILD 0 pass', 'REVIEW 0 reject', 'BUILD 1 pass', 'REVIEW 1 pass', 'SECURITY 1 pass']);
    expect(run.merged).toBe(true);
    expect(await f.file('src/auth/sessions.js')).toContain('createHash');
    const dir = await checkoutMain(f);
    execFileSync(process.execPath, ['--test'], { cwd: dir, stdio: 'pipe' });
    expect(await gitLine(['log', '--format=%an', '-1', 'main'], { gitDir: f.bare })).toBe('ALAI Securion');

    const [build, review] = run.history;
    const proof = build?.ports.proofs[0];
    expect(proof?.gotcha).toContain('scripted, no model was called');
    expect(proof?.manifest).toMatchObject({
      model: { scripted: true, note: 'scripted, no model was called' },
      checks: { passed: 14, applicable: 15, bar: 12, ok: true },
    });
    expect(proof?.patch).toContain('+++ b/src/auth/passwords.js');
    expect(build?.ports.calls.every((c) => c.scripted)).toBe(true);
    // Reviewers leave nothing behind.
    expect(review?.ports.steps.every((s) => s.commit === null)).toBe(true);
    expect(await readdir(join(f.home, 'hosts/forge/work'))).toEqual([]);
    expect(await readdir(join(f.home, 'hosts/forge/run'))).toEqual([]);
  });
});

describe('over the conductor’s git server', { timeout: 120_000 }, () => {
  it('a host that shares no path with it builds, reviews and merges with the token', async () => {
    const f = await factory(node);
    const handler = createGitHttp({ repositories: f.home, token: 'host-token' });
    const server = createServer((req, res) => void handler(req, res));
    await new Promise<void>((r) => server.listen(0, '127.0.0.1', r));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/git/project.git`;
    await git(['config', 'http.receivepack', 'true'], { gitDir: f.bare });
    const run = async (stage: 'BUILD' | 'DOCS', repositoryToken: string) => {
      const w = await f.work(stage, { title: 'Over HTTP' });
      const hostDir = join(f.home, 'hosts/far');
      const go = createRunner({ hostDir, provider: () => f.provider, sandbox: f.sandbox, repositoryToken });
      return go(
        { ...w, project: { ...w.project, repositoryUrl: url } },
        memoryPorts(),
        new AbortController().signal,
      );
    };
    expect(await run('DOCS', 'host-token')).toMatchObject({
      kind: 'done',
      integration: { result: 'merged' },
    });
    expect(await gitLine(['log', '--format=%s', '-1', 'main'], { gitDir: f.bare })).toContain('Over HTTP');
    expect(await run('BUILD', 'wrong')).toMatchObject({ kind: 'infra', code: 'GIT_FAILED' });
    server.close();
  });
});
