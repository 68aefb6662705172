import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const readyWithin = 300_000;
const root = path.dirname(import.meta.dirname);

export interface Running {
  home: string;
  link: string;
  stop: () => Promise<void>;
}

/**
 * Boots the real product on a port, with a home and a rehearsal of its own, as `npm start` does. `prepare` may fill the home
 * first and answers with further variables. Throws with its output when it is not ready in time.
 */
export async function bootFactory(
  port: string,
  prepare: (home: string) => Record<string, string> = () => ({}),
): Promise<Running> {
  const home = mkdtempSync(path.join(tmpdir(), 'mission-control-boot-'));
  const child = spawn(process.execPath, [path.join(root, 'scripts/start.mjs')], {
    cwd: root,
    env: {
      ...process.env,
      NODE_ENV: 'production',
      PORT: port,
      ALAI_HOME: home,
      ALAI_REHEARSAL: 'always',
      DATABASE_URL: '',
      REDIS_URL: '',
      ALAI_PUBLIC_URL: '',
      ...prepare(home),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let output = '';
  const link = await new Promise<string>((resolve, reject) => {
    const late = setTimeout(() => {
      child.kill('SIGTERM');
      reject(new Error(`not ready in time:\n${output}`));
    }, readyWithin);
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const found = /Sign in once\s+(\S+)/.exec(output)?.[1];
      if (!found) return;
      clearTimeout(late);
      resolve(found);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('exit', (code) => reject(new Error(`it ended with ${code}:\n${output}`)));
  });
  return {
    home,
    link,
    async stop() {
      child.kill('SIGTERM');
      // Whoever kills the supervisor leaves its children behind, and a busy machine takes its time to end them.
      const late = setTimeout(() => child.kill('SIGKILL'), 50_000);
      await ended;
      clearTimeout(late);
      rmSync(home, { recursive: true, force: true });
    },
  };
}
