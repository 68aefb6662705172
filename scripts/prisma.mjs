// Generates the Prisma client when the schema changed. Plain JS: part of `npm start`, before anything is generated.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const STAMP = 'prisma/generated/.stamp';

function wanted(root) {
  const read = (file) => readFileSync(path.join(root, file), 'utf8');
  return createHash('sha256')
    .update(read('prisma/schema.prisma'))
    .update(JSON.parse(read('node_modules/prisma/package.json')).version)
    .digest('hex');
}

/** Returns whether something had to be generated. */
export function generatePrisma({ node = process.execPath, root = process.cwd() } = {}) {
  const stamp = path.join(root, STAMP);
  const hash = wanted(root);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return false;
  const run = spawnSync(node, ['node_modules/prisma/build/index.js', 'generate'], {
    cwd: root,
    encoding: 'utf8',
    // Generating needs no engine, but its CLI would download one unless it is told that there is one.
    env: {
      ...process.env,
      PRISMA_SCHEMA_ENGINE_BINARY: node,
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
      CHECKPOINT_DISABLE: '1',
    },
  });
  if (run.status !== 0) throw new Error(`prisma generate failed:\n${run.stdout}\n${run.stderr}`);
  writeFileSync(stamp, hash);
  return true;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  if (process.argv[2] !== 'generate') {
    console.error('usage: node scripts/prisma.mjs generate');
    process.exit(2);
  }
  console.log(generatePrisma() ? 'Prisma client generated' : 'Prisma client is up to date');
}
