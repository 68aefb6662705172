import { join } from 'node:path';
import { sayAlive } from '#server/platform/alive.ts';
import { createRehearsal } from './rehearsal/server.ts';

/**
 * The scripted model server as a process of its own: `node workers/rehearsal.ts`.
 * ALAI_REHEARSAL_PORT (11500), ALAI_REHEARSAL_PACE (milliseconds a turn takes, 60), ALAI_REHEARSAL_MODELS.
 */
const DEFAULT_MODELS = 'qwen3:8b,qwen2.5-coder:32b,kimi-k2.5:tq1,qwen3:32b,llama3.1:8b,bge-m3:latest';

const port = Number(process.env.ALAI_REHEARSAL_PORT ?? 11_500);
const server = createRehearsal({
  scenarios: join(import.meta.dirname, 'rehearsal/scenarios'),
  paceMs: Number(process.env.ALAI_REHEARSAL_PACE ?? 60),
  models: (process.env.ALAI_REHEARSAL_MODELS ?? DEFAULT_MODELS).split(',').map((m) => m.trim()),
});
server.on('error', (e: NodeJS.ErrnoException) => {
  process.stderr.write(
    e.code === 'EADDRINUSE'
      ? `PORT_IN_USE: port ${port} is taken. Set ALAI_REHEARSAL_PORT to another one.\n`
      : `${e.message}\n`,
  );
  process.exit(1);
});
server.listen(port, '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ msg: 'rehearsal listens', port, scripted: true })}\n`);
});
// It works for whoever asks, so that its loop turns is all that can be said of it.
setInterval(sayAlive, 2_000).unref();
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    server.close(() => process.exit(0));
    server.closeAllConnections();
  });
}
