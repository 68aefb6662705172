import { setTimeout as sleep } from 'node:timers/promises';
import { api } from './client.ts';

const LIVE = ['OPEN', 'QUEUED', 'RUNNING'];

/** Asks until a task is over or needs a human. */
export async function untilOver(id: number, everyMs = 500) {
  for (;;) {
    const task = await api().tasks.get.query({ id });
    if (!LIVE.includes(task.state)) return task;
    await sleep(everyMs);
  }
}
