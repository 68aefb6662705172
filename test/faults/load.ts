import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createWork } from '#server/api/compose.ts';
import { createTasksSchema } from '#server/domain/views/new-task.ts';
import type { World } from './world.ts';

function git(cwd: string, ...args: string[]): void {
  execFileSync('git', ['-c', 'user.name=Operator', '-c', 'user.email=operator@example.invalid', ...args], {
    cwd,
    stdio: 'ignore',
  });
}

/**
 * A small Node project with a test of its own, as an operator would have it.
 * @param testMs how long that test takes.
 */
export function makeProject(folder: string, testMs = 0): string {
  mkdirSync(path.join(folder, 'test'), { recursive: true });
  writeFileSync(
    path.join(folder, 'package.json'),
    `${JSON.stringify({ name: path.basename(folder), version: '1.0.0', type: 'module', scripts: { test: 'node --test' } }, null, 2)}\n`,
  );
  writeFileSync(path.join(folder, 'README.md'), `# ${path.basename(folder)}\n`);
  writeFileSync(
    path.join(folder, 'test/base.test.js'),
    `import test from 'node:test';\ntest('is there', () => new Promise((r) => setTimeout(r, ${testMs})));\n`,
  );
  git(folder, 'init', '--quiet', '--initial-branch=main');
  git(folder, 'add', '--all');
  git(folder, 'commit', '--quiet', '-m', 'Start');
  return folder;
}

/**
 * `chains` deliverables spread over `projects` repositories, each its own pipeline; some wait for another of their project.
 * @param o.testMs how long the projects' own tests take.
 * @param o.called what their folders begin with; a second load in one world needs a word of its own.
 */
export async function submitChains(
  w: World,
  chains: number,
  projects: number,
  o: { testMs?: number; called?: string } = {},
): Promise<number[]> {
  const folders = Array.from({ length: projects }, (_, i) =>
    makeProject(path.join(w.home, 'projects', `${o.called ?? 'product'}-${i + 1}`), o.testMs),
  );
  const roots: number[] = [];
  for (const [p, folder] of folders.entries()) {
    const mine = Array.from({ length: chains }, (_, i) => i).filter((i) => i % projects === p);
    const made = await createWork(
      w.services,
      createTasksSchema.parse({
        idempotencyKey: randomUUID(),
        project: folder,
        pipelineTitle: `Product ${p + 1}`,
        tasks: mine.map((i, at) => ({
          key: `k${i}`,
          title: `Add the helper number ${i + 1}`,
          // Every third waits for the one before it, so that acceptance has to wake somebody.
          dependsOn: at > 0 && at % 3 === 2 ? [`k${mine[at - 1]}`] : [],
        })),
      }),
      { kind: 'human', name: 'CEO' },
    );
    roots.push(...made.taskIds);
  }
  return roots;
}
