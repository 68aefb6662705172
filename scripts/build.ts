/** Builds the pages as `npm start` does, so that a start or a browser test after it finds them built. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { env } from '#server/platform/env.ts';
import { buildPages } from '#workers/supervisor/build.ts';

const root = path.dirname(import.meta.dirname);
const logs = path.join(env().ALAI_HOME, 'logs');
mkdirSync(logs, { recursive: true });
const built = await buildPages(root, path.join(logs, 'build.log'), () => {}, new AbortController().signal);
console.log(built ? 'Pages built.' : 'Pages are up to date.');
