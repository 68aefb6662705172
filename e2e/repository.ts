import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** A stranger's own repository: a small Node project with a test that passes. */
export function makeRepository(dir: string): string {
  mkdirSync(path.join(dir, 'test'), { recursive: true });
  writeFileSync(
    path.join(dir, 'package.json'),
    `${JSON.stringify({ name: 'corner-shop', version: '1.0.0', type: 'module', scripts: { test: 'node --test' } }, null, 2)}\n`,
  );
  writeFileSync(path.join(dir, 'README.md'), '# Corner shop\n\nSells apples.\n');
  writeFileSync(path.join(dir, 'price.js'), 'export const price = (apples) => apples * 3;\n');
  writeFileSync(
    path.join(dir, 'test/price.test.js'),
    `import assert from 'node:assert/strict';\nimport { test } from 'node:test';\nimport { price } from '../price.js';\n\ntest('three crowns an apple', () => assert.equal(price(2), 6));\n`,
  );
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=Stranger', '-c', 'user.email=stranger@example.invalid', ...args], {
      cwd: dir,
    });
  git('init', '--quiet', '--initial-branch=main');
  git('add', '--all');
  git('commit', '--quiet', '-m', 'A corner shop');
  return dir;
}

/** The subjects of what is on the project's branch, newest first. */
export function commitsOf(dir: string): string[] {
  return execFileSync('git', ['log', '--format=%s', 'main'], { cwd: dir, encoding: 'utf8' })
    .trim()
    .split('\n');
}
