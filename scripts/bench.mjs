// npm run bench -- <name> [--json]: measures in one run, prints ratios. Benches live in bench/<name>.ts.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { ensureInstalled, node24, root } from './bootstrap.mjs';

process.chdir(root);
const [name, ...rest] = process.argv.slice(2);
const file = path.join(root, 'bench', `${name ?? ''}.ts`);
if (!name || !existsSync(file)) {
  const known = readdirSync(path.join(root, 'bench'))
    .filter((f) => f.endsWith('.ts'))
    .map((f) => f.slice(0, -3));
  process.stderr.write(`There is no bench "${name ?? ''}". Choose one of: ${known.join(', ')}.\n`);
  process.exit(2);
}
await ensureInstalled({ quiet: true });
const run = spawnSync(node24(), ['--disable-warning=ExperimentalWarning', file, ...rest], {
  stdio: 'inherit',
});
process.exit(run.status ?? 1);
