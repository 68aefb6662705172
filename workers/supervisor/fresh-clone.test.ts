import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const { imports } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  imports: Record<string, string>;
};

/** The file that an import of our own means; null for packages. */
function fileOf(from: string, name: string): string | null {
  if (name.startsWith('.')) return path.resolve(path.dirname(from), name);
  const [alias = ''] = name.split('/');
  const target = imports[`${alias}/*`];
  return target ? path.resolve(root, target.replace('*', name.slice(alias.length + 1))) : null;
}

/** Everything that is loaded before the first line of this file runs, with the way to it. */
function loaded(file: string, way: string[] = [], seen = new Map<string, string[]>()): Map<string, string[]> {
  const here = [...way, path.relative(root, file)];
  if (seen.has(file)) return seen;
  seen.set(file, here);
  if (!existsSync(file)) return seen;
  const source = readFileSync(file, 'utf8');
  for (const [, names = '', name = ''] of source.matchAll(/^(?:import|export) ([^;]*?)from '([^']+)';/gms)) {
    const next = names.startsWith('type ') ? null : fileOf(file, name);
    if (next) loaded(next, here, seen);
  }
  return seen;
}

test.each(['workers/supervisor.ts', 'scripts/start.mjs', 'scripts/alai.mjs'])(
  '%s can be loaded where nothing is generated yet',
  (entry) => {
    const all = loaded(path.join(root, entry));
    expect(all.size).toBeGreaterThan(1);
    const generated = path.join(root, 'prisma/generated');
    expect([...all].filter(([file]) => file.startsWith(generated)).map(([, way]) => way)).toEqual([]);
  },
);
