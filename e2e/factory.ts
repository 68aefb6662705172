import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const readyWithin = 240_000;
const root = path.dirname(import.meta.dirname);

/** What the tests need to know of the factory they talk to. */
export const notes = path.join(root, 'e2e/.auth/factory.json');

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once('exit', () => resolve());
  });
}

/** Boots the real product, as `npm start` does, with a home, a port and a rehearsal of its own; stops it afterwards. */
// biome-ignore lint/style/noDefaultExport: Playwright reads the default export
export default async function startFactory(): Promise<() => Promise<void>> {
  const home = mkdtempSync(path.join(tmpdir(), 'mission-control-e2e-'));
  // A copy, because tests add companies and break them.
  const companies = path.join(home, 'companies');
  cpSync(path.join(root, 'companies'), companies, { recursive: true });
  const port = process.env.ALAI_E2E_PORT ?? '';
  const child = spawn(process.execPath, [path.join(root, 'scripts/start.mjs')], {
    cwd: root,
    env: {
      ...process.env,
      NODE_ENV: 'production',
      PORT: port,
      ALAI_HOME: home,
      ALAI_COMPANIES: companies,
      ALAI_REHEARSAL: 'always',
      DATABASE_URL: '',
      REDIS_URL: '',
      ALAI_PUBLIC_URL: '',
      // Receivers of notices that the tests start.
      ALAI_WEBHOOK_ALLOW: '127.0.0.1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const link = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not ready in time:\n${output}`)), readyWithin);
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const found = /Sign in once\s+(\S+)/.exec(output)?.[1];
      if (!found) return;
      clearTimeout(timer);
      resolve(found);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('exit', (code) => reject(new Error(`it ended with ${code}:\n${output}`)));
  });
  mkdirSync(path.dirname(notes), { recursive: true });
  writeFileSync(notes, JSON.stringify({ link, home, companies }));

  return async () => {
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), 20_000);
    await ended(child);
    clearTimeout(late);
    rmSync(home, { recursive: true, force: true });
    rmSync(path.dirname(notes), { recursive: true, force: true });
  };
}
