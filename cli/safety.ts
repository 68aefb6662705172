import type { Command } from 'commander';
import { api } from './client.ts';
import { print } from './output.ts';

/** `alai safety …`: what waits for the owner before any agent sees it. */
export function registerSafetyCommands(program: Command): void {
  const safety = program
    .command('safety')
    .description('the safety rails, and how many of the last 500 tasks each holds')
    .action(async () => {
      const view = await api().safety.get.query();
      print(view, () =>
        [
          ...view.rails.map(
            (r) => `${r.name}  (yours)  ${view.counts[r.name] ?? 0} of ${view.tasks}  ${r.reason}`,
          ),
          ...view.patterns.map((p) => `${p.name}  ${view.counts[p.name] ?? 0} of ${view.tasks}  ${p.reason}`),
        ].join('\n'),
      );
    });
  safety
    .command('try <text>')
    .description('what a text would meet; nothing is written')
    .option('--project <id>', 'in which project')
    .action(async (text: string, o: { project?: string }) => {
      const held = await api().safety.try.query({ text, projectId: o.project ?? null });
      print(held, () => (held ? `Held by ${held.pattern}: ${held.reason}` : 'Agents may start on it.'));
    });
}
