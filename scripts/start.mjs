// npm start: everything Mission Control needs, on one machine. See workers/supervisor.ts for what follows.
import { ensureInstalled, root, run } from './bootstrap.mjs';

process.chdir(root);
await ensureInstalled();
run('workers/supervisor.ts');
