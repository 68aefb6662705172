import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { AlaiError } from '#server/domain/errors.ts';
import { sizeText } from '#server/domain/host.ts';
import { plain } from '#server/domain/plain.ts';
import type { FleetHostView, HostModelView, ModelJobView } from '#server/domain/views/fleet.ts';
import { api } from './client.ts';
import { ageText } from './format.ts';
import { exits, isJson, print, sayOnInterrupt } from './output.ts';

const BAR = 24;
const LOOK_MS = 400;

/** "qwen3:8b  [██████░░░░░░]  48%  2.4 of 5.0 GB  41 MB/s  1m left", for a terminal of any width. */
export function barText(
  j: Pick<ModelJobView, 'model' | 'status' | 'completed' | 'total' | 'bytesPerSecond'>,
): string {
  if (j.total === 0) return `${j.model}  ${j.status || 'waits for its worker'}`;
  const part = Math.min(1, j.completed / j.total);
  const full = Math.floor(part * BAR);
  const left = j.bytesPerSecond > 0 ? ((j.total - j.completed) / j.bytesPerSecond) * 1_000 : null;
  return [
    j.model,
    `[${'█'.repeat(full)}${'░'.repeat(BAR - full)}]`,
    `${Math.floor(part * 100)}%`.padStart(4),
    `${sizeText(j.completed)} of ${sizeText(j.total)}`,
    j.bytesPerSecond > 0 ? `${sizeText(j.bytesPerSecond)}/s` : '',
    left !== null && left >= 1_000 ? `${ageText(left)} left` : '',
  ]
    .filter(Boolean)
    .join('  ');
}

/** What Ctrl-C leaves behind: the job is its worker's, not this command's. */
export const goesOnText = (j: Pick<ModelJobView, 'act' | 'model' | 'host'>): string =>
  `The ${j.act === 'pull' ? 'pull' : 'removal'} of ${j.model} goes on on ${j.host.toUpperCase()}. Stop it with: npx alai models cancel ${j.host} ${j.model}`;

const ends: Record<string, string> = {
  DONE: '✓ done',
  FAILED: '✕ failed',
  CANCELLED: '⊘ cancelled',
};

/** Follows a job to its end: one line that moves in a terminal, a line per tenth elsewhere, JSON lines with --json. */
async function follow(id: number): Promise<void> {
  const moves = process.stdout.isTTY === true && !isJson();
  const show = (text: string) => process.stdout.write(plain(text));
  let said = '';
  let job = await api().fleet.job.query({ id });
  const stopListening = sayOnInterrupt(() => goesOnText(job));
  for (; ; job = await api().fleet.job.query({ id })) {
    const over = job.endedAt !== null;
    if (isJson()) {
      const line = JSON.stringify(job);
      if (line !== said) process.stdout.write(`${line}\n`);
      said = line;
    } else if (moves && !over)
      process.stdout.write(`\r\u001b[K${plain(barText(job)).slice(0, (process.stdout.columns ?? 100) - 1)}`);
    else if (!over) {
      const step = `${job.state} ${job.total ? Math.floor((job.completed / job.total) * 10) : job.status}`;
      if (step !== said) show(`${barText(job)}\n`);
      said = step;
    }
    if (over) {
      if (moves) process.stdout.write('\r\u001b[K');
      if (!isJson())
        show(
          `${ends[job.state]}  ${job.act} ${job.model} on ${job.host.toUpperCase()}${job.error ? `: ${job.error}` : ''}${
            job.cancelledBy ? ` by ${job.cancelledBy}` : ''
          }\n`,
        );
      if (job.state !== 'DONE') process.exitCode = exits.failed;
      stopListening();
      return;
    }
    await sleep(LOOK_MS);
  }
}

async function hostsOf(name: string | undefined): Promise<FleetHostView[]> {
  const { hosts } = await api().fleet.get.query();
  if (name === undefined) return hosts;
  const found = hosts.filter((h) => h.name.toLowerCase() === name.toLowerCase());
  if (found.length > 0) return found;
  throw new AlaiError(
    'HOST_UNKNOWN',
    `There is no host ${name}.`,
    `Name one of ${hosts.map((h) => h.name).join(', ')}.`,
  );
}

const modelLine = (m: HostModelView): string =>
  [
    `  ${m.loaded ? '◐' : m.installed ? '✓' : '○'} ${m.name.padEnd(28)}`,
    (m.bytes ? sizeText(m.bytes) : m.planned ? `${m.planned.gb} GB planned` : '').padEnd(15),
    m.loaded ? `loaded, ${sizeText(m.loaded.bytes)}` : m.installed ? 'pulled' : 'not pulled',
    m.lane === null ? '' : `${m.running}/${m.lane} at once`,
    m.tokensPerSecond === null ? '' : `${m.tokensPerSecond.toFixed(0)} tokens/s`,
    m.neededBy.join(', '),
  ]
    .filter(Boolean)
    .join('  ');

function serverLine(h: FleetHostView): string {
  if (!h.probe) return 'its model server was never asked';
  if (!h.probe.reachable) return `✕ ${h.probe.problem?.message ?? 'its model server does not answer'}`;
  return `✓ model server ${h.probe.version ?? ''}, ${h.probe.ms} ms`;
}

async function status(name: string | undefined): Promise<void> {
  const hosts = await hostsOf(name);
  print(hosts, () =>
    hosts
      .map((h) => {
        const used = h.models.reduce((sum, m) => sum + (m.loaded?.bytes ?? 0), 0);
        return [
          `${h.label}  ${h.state}  ${h.running.length}/${h.slots} slots  ${sizeText(used)}${h.memoryGb ? ` of ${h.memoryGb} GB` : ''} loaded  ${serverLine(h)}`,
          ...(h.models.length > 0 ? h.models.map(modelLine) : ['  no models']),
          ...h.jobs.filter((j) => j.endedAt === null).map((j) => `  ↓ ${j.act} ${barText(j)}`),
        ].join('\n');
      })
      .join('\n\n'),
  );
}

/** `alai models …`: what each host has, and pulls and removals that its worker carries out. */
export function registerModelCommands(program: Command): void {
  const models = program
    .command('models')
    .description('the models of the hosts: status, list, pull, remove, cancel');
  models
    .command('status', { isDefault: true })
    .description('planned, pulled and loaded models, memory, lanes and speed')
    .argument('[host]')
    .action(status);
  models
    .command('list')
    .description('the models that are pulled')
    .argument('[host]')
    .action(async (name: string | undefined) => {
      const hosts = await hostsOf(name);
      const rows = hosts.flatMap((h) =>
        h.models.filter((m) => m.installed).map((m) => ({ host: h.name, name: m.name, bytes: m.bytes })),
      );
      print(rows, () =>
        rows.length > 0
          ? rows
              .map(
                (r) =>
                  `${r.host.toUpperCase().padEnd(10)}${r.name.padEnd(30)}${r.bytes ? sizeText(r.bytes) : ''}`,
              )
              .join('\n')
          : 'No host has a model. Bring one with: npx alai models pull HOST MODEL',
      );
    });
  const begun = async (id: number, wait: boolean) => {
    if (wait) return await follow(id);
    const job = await api().fleet.job.query({ id });
    print(
      job,
      () => `Job ${id}: ${job.act} ${job.model} on ${job.host.toUpperCase()}. See npx alai models status.`,
    );
  };
  models
    .command('pull')
    .description('bring a model to a host; goes on when this command is ended')
    .argument('<host>')
    .argument('<model>')
    .option('--no-wait', 'do not stay until it is there')
    .action(async (host: string, model: string, o: { wait: boolean }) => {
      const { id } = await api().fleet.pull.mutate({ host: host.toLowerCase(), model });
      await begun(id, o.wait);
    });
  models
    .command('remove')
    .description('take a model from a host')
    .argument('<host>')
    .argument('<model>')
    .option('--force', 'also when a tier needs it')
    .option('--no-wait', 'do not stay until it is gone')
    .action(async (host: string, model: string, o: { force?: boolean; wait: boolean }) => {
      const { id } = await api().fleet.remove.mutate({
        host: host.toLowerCase(),
        model,
        force: o.force ?? false,
      });
      await begun(id, o.wait);
    });
  models
    .command('cancel')
    .description('end what is being pulled or removed')
    .argument('<host>')
    .argument('<model>')
    .action(async (host: string, model: string) => {
      const [found] = await hostsOf(host);
      const job = found?.jobs.find((j) => j.model === model && j.endedAt === null);
      if (!job)
        throw new AlaiError(
          'NOT_FOUND',
          `Nothing is being done with ${model} on ${host.toUpperCase()}.`,
          'See npx alai models status.',
        );
      const done = await api().fleet.cancel.mutate({ id: job.id });
      print(done, () => `${job.act} ${model} on ${host.toUpperCase()} ends.`);
    });
}
