import { execFileSync } from 'node:child_process';
import { link, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AgentRole, agentRoles, blueprintStepSchema } from '#server/domain/blueprint.ts';
import { defaultRules, readOnlyReason, stepRules, toolsFor } from '#server/domain/role-rules.ts';
import { runProcess } from './sandbox/process.ts';
import { protectedPaths } from './sandbox/protect.ts';
import { detectSandbox } from './sandbox/registry.ts';
import { callTool } from './tools/registry.ts';
import type { ToolContext } from './tools/tool.ts';

/**
 * Every role x every tool x every kind of path, through the tools as a model calls them and through the sandbox as its
 * commands run. `ok`, or a piece of the reason it is refused for.
 */
const table: [kind: string, path: string, read: string, write: string][] = [
  ['ordinary', 'src/a.js', 'ok', 'ok'],
  ['nested', 'src/deep/er/b.js', 'ok', 'ok'],
  ['with a dot before', './src/a.js', 'ok', 'ok'],
  ['own letters', 'src/søppel.js', 'ok', 'ok'],
  ['attributes that name a filter', '.gitattributes', 'ok', 'ok'],
  ['not there yet', 'src/new.js', 'does not exist', 'ok'],
  ['below a file', 'src/a.js/b', 'does not exist', 'not a folder'],
  ['a folder', 'src', 'not a file', 'not a file'],
  ['the root', '.', 'not a file', 'a file name is needed'],
  ['nothing', '', 'not a file', 'a file name is needed'],
  ['forbidden file', '.env', 'ok', 'agents/builder.yaml forbidden_paths **/.env*'],
  ['forbidden, nested', 'src/.env.local', 'does not exist', 'forbidden_paths **/.env*'],
  ['forbidden folder', 'secrets/key.pem', 'ok', 'forbidden_paths secrets/**'],
  ['forbidden, other case', 'SECRETS/key.pem', 'does not exist', 'forbidden_paths secrets/**'],
  ['forbidden file, other case', 'src/.Env', 'does not exist', 'forbidden_paths **/.env*'],
  ['denied by the step', 'package-lock.json', 'ok', 'denied in this step'],
  ['git', '.git/config', '.git belongs', '.git belongs'],
  ['a hook', '.git/hooks/pre-commit', '.git belongs', '.git belongs'],
  ['git in a folder', 'src/.git/config', '.git belongs', '.git belongs'],
  ['git, other case', '.GIT/config', '.git belongs', '.git belongs'],
  ['git, short name', 'git~1/config', '.git belongs', '.git belongs'],
  ['git with dots', '.git../config', '.git belongs', '.git belongs'],
  ['git with a blank', '.git /config', '.git belongs', '.git belongs'],
  ['git, full width', '．ｇｉｔ/config', '.git belongs', '.git belongs'],
  ['git, zero width', '.g\u200bit/config', 'invisible', 'invisible'],
  ['traversal', '../secret', 'leaves the repository', 'leaves the repository'],
  ['traversal inside', 'src/../../secret', 'leaves the repository', 'leaves the repository'],
  ['traversal, full width', '．．/secret', 'leaves the repository', 'leaves the repository'],
  ['traversal, backslash', '..\\secret', 'with /', 'with /'],
  ['absolute', '/etc/passwd', 'absolute', 'absolute'],
  ['absolute, full width', '／etc/passwd', 'absolute', 'absolute'],
  ['a drive', 'C:/windows/system.ini', 'absolute', 'absolute'],
  ['home', '~/.ssh/id_rsa', 'home', 'home'],
  ['link to a file inside', 'link-in', 'ok', 'is a link'],
  ['link to a file outside', 'link-out', 'leaves the repository', 'is a link'],
  ['link to a forbidden file', 'link-env', 'ok', 'is a link'],
  ['through a linked folder', 'folder-in/a.js', 'ok', 'is a link'],
  ['through a folder that leaves', 'folder-out/secret', 'leaves the repository', 'is a link'],
  ['dangling link', 'dangling', 'does not exist', 'is a link'],
  ['link to itself', 'circle', 'cannot be read', 'is a link'],
  ['hard link to outside', 'hard', 'ok', 'hard link'],
  ['device', 'device', 'leaves the repository', 'is a link'],
  ['pipe', 'pipe', 'not a file', 'not a file'],
  ['decomposed letters', 'src/so\u0308ppel.js', 'plain characters', 'plain characters'],
  ['ligature', 'src/\ufb01le.js', 'plain characters', 'plain characters'],
  ['direction override', 'src/\u202egpj.js', 'invisible', 'invisible'],
  ['NUL', 'src/a.js\0.png', 'NUL', 'NUL'],
  ['line break', 'src/a\n.js', 'invisible', 'invisible'],
  ['trailing dot', 'src/a.js.', 'dot or a blank', 'dot or a blank'],
  ['trailing blank', 'src/a.js ', 'dot or a blank', 'dot or a blank'],
  ['long name', `src/${'a'.repeat(300)}`, 'ENAMETOOLONG', 'ENAMETOOLONG'],
  ['long path', `${'a/'.repeat(300)}b`, 'longer than', 'longer than'],
];

const locked: Record<Exclude<AgentRole, 'builder'>, string> = {
  lead: 'lead of CodeCraft may not write: agents/lead.yaml write_locked',
  reviewer: 'reviewer of CodeCraft may not write: reviewers are read-only',
};

const sandbox = await detectSandbox();
let dir: string;
let root: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'alai-table-'));
  root = join(dir, 'tree');
  for (const d of ['src/deep/er', 'secrets']) await mkdir(join(root, d), { recursive: true });
  await writeFile(join(dir, 'secret'), 'outside');
  for (const f of [
    'src/a.js',
    'src/deep/er/b.js',
    'src/søppel.js',
    '.env',
    'secrets/key.pem',
    'package-lock.json',
  ])
    await writeFile(join(root, f), 'inside\n');
  await writeFile(join(root, '.gitattributes'), 'inside filter=x\n');
  await symlink('src/a.js', join(root, 'link-in'));
  await symlink('../secret', join(root, 'link-out'));
  await symlink('.env', join(root, 'link-env'));
  await symlink('src', join(root, 'folder-in'));
  await symlink('..', join(root, 'folder-out'));
  await symlink('nowhere', join(root, 'dangling'));
  await symlink('circle', join(root, 'circle'));
  await symlink('/dev/zero', join(root, 'device'));
  await link(join(dir, 'secret'), join(root, 'hard'));
  execFileSync('mkfifo', [join(root, 'pipe')]);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

function contextOf(role: AgentRole): ToolContext {
  const company = defaultRules();
  company.roles.builder.forbiddenPaths = ['.git/**', '**/.env*', 'secrets/**'];
  const asked = blueprintStepSchema.parse({
    key: 'do',
    role,
    instructions: 'Do it.',
    tools: ['list', 'read', 'search', 'write', 'edit', 'run', 'finish'],
    paths: { deny: ['package-lock.json'] },
  });
  const rules = stepRules('CodeCraft', company, asked);
  const { tools, withheld } = toolsFor(rules, asked);
  return {
    root,
    step: { ...asked, tools },
    rules,
    withheld,
    extra: [],
    company: 'CodeCraft',
    rails: { modes: {}, paths: [] },
    asked: () => [],
    allowed: () => true,
    needsVerdict: false,
    plan: null,
    mask: (text) => text,
    state: { report: null, plan: null, findings: [], finished: null },
    run: async (argv, seconds) =>
      runProcess({
        argv,
        root,
        seconds,
        outputBytes: 20_000,
        network: false,
        sandbox,
        hostDir: join(dir, 'host'),
        attempt: 1,
        signal: new AbortController().signal,
        ...(readOnlyReason(rules)
          ? { readOnly: true }
          : { protect: await protectedPaths(root, [...rules.rules.forbiddenPaths, ...rules.paths.deny]) }),
      }),
    signal: new AbortController().signal,
  };
}

const outcome = (r: { ok: boolean; output: string }) => (r.ok ? 'ok' : r.output);

describe.each(agentRoles)('a %s', (role) => {
  const call = (name: string, args: Record<string, unknown>) =>
    callTool({ id: '1', name, arguments: args }, contextOf(role));

  it.each(table)('reads %s (%j): %s', async (_, path, read) => {
    expect(outcome(await call('read', { path }))).toContain(read);
  });

  it.each(table)('searches %s (%j) only inside', async (_, path, read) => {
    const r = await call('search', { path, text: 'outside' });
    // A folder can be searched; what cannot be read cannot be searched either.
    const refusal = read === 'ok' || read === 'not a file' ? '' : read;
    expect(r.ok ? '' : r.output).toContain(refusal === 'cannot be read' ? 'cannot be' : refusal);
    // A second name of an outside file cannot come out of git, nor be made by a command; it reads as a file of its own.
    expect(r.output).not.toContain('secret:1:');
  });

  it.each(table)('lists %s (%j) only inside', async (_, path, read) => {
    const r = await call('list', { path });
    const folders = ['.', '', 'src'];
    expect(r.ok).toBe(folders.includes(path));
    expect(r.ok ? '' : r.output).toContain(
      folders.includes(path) || read === 'ok' || read === 'not a file' ? '' : read,
    );
  });

  it.each(table)('writes %s (%j): %s', async (_, path, _read, write) => {
    const expected = role === 'builder' ? write : locked[role];
    expect(outcome(await call('write', { path, content: 'inside\n' }))).toContain(expected);
    await rm(join(root, 'src/new.js'), { force: true });
  });

  it.each(table)('edits %s (%j)', async (_, path, read, write) => {
    const builder = write === 'ok' ? read : write;
    const expected = role === 'builder' ? builder : locked[role];
    expect(outcome(await call('edit', { path, old: 'inside', new: 'inside' }))).toContain(expected);
  });

  it('left everything outside as it was, and made no repository', async () => {
    expect(await readFile(join(dir, 'secret'), 'utf8')).toBe('outside');
    expect(await readFile(join(root, '.env'), 'utf8')).toBe('inside\n');
    await expect(readFile(join(root, '.git/config'))).rejects.toThrow('ENOENT');
  });

  it.skipIf(!sandbox.isolates)(
    'its commands write exactly what its tools may, under the OS sandbox',
    async () => {
      const places = [
        'src/a.js',
        'src/made.js',
        '.env',
        'secrets/key.pem',
        'secrets/new.pem',
        'package-lock.json',
      ];
      const code = `
      const fs = require('fs');
      const tried = p => { try { fs.appendFileSync(p, ''); return 'ok'; } catch (e) { return e.code; } };
      const out = Object.fromEntries(${JSON.stringify(places)}.map(p => [p, tried(p)]));
      try { fs.renameSync('secrets', 'moved'); out.rename = 'ok'; } catch (e) { out.rename = 'refused'; }
      try { fs.writeFileSync(process.env.TMPDIR + '/x', 'x'); out.tmp = 'ok'; } catch (e) { out.tmp = e.code; }
      console.log(JSON.stringify(out));`;
      const r = await call('run', { command: ['node', '-e', code] });
      const free = role === 'builder' ? 'ok' : 'EROFS';
      expect(JSON.parse(r.output.slice(r.output.indexOf('{')))).toEqual({
        'src/a.js': free,
        'src/made.js': free,
        '.env': 'EROFS',
        'secrets/key.pem': 'EROFS',
        'secrets/new.pem': 'EROFS',
        'package-lock.json': 'EROFS',
        rename: 'refused',
        tmp: 'ok',
      });
    },
  );
});
