import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { plain } from '#server/domain/plain.ts';
import { sentence } from '#server/domain/sentence.ts';
import type { AgentView, TrialView } from '#server/domain/views/agents.ts';
import { api } from './client.ts';
import { exits, isJson, print } from './output.ts';

const LOOK_MS = 250;

const agentLine = (a: AgentView): string =>
  [
    `${!a.usable ? '○' : a.why ? '◍' : '✓'} ${a.name.padEnd(26)}`,
    (a.host ? a.host.toUpperCase() : 'any host').padEnd(10),
    `${a.provider}${a.version ? ` ${a.version}` : ''}`.padEnd(20),
    a.tiers.length > 0 ? `tier ${a.tiers.join(', ')}` : '',
    a.capabilities === null ? 'not asked yet' : a.capabilities.join(', '),
    a.pipelines.join(' → '),
    a.why,
  ]
    .filter(Boolean)
    .join('  ');

/** "qwen3:8b on FORGE  41 tokens in, 120 out  2.3 s  €0.0004 · scripted, no model was called" */
function trialLine(t: TrialView): string {
  const cost = t.eur === null ? 'no price is known' : `€${t.eur.toFixed(4)}`;
  const whom = t.model && t.model !== t.name ? `${t.name} (${t.model})` : t.name;
  const scripted = t.scripted ? ' · scripted, no model was called' : '';
  return `${whom} on ${t.host.toUpperCase()}  ${t.tokensIn} tokens in, ${t.tokensOut} out${t.estimated ? ' (estimated: it broke off)' : ''}  ${(t.ms / 1_000).toFixed(1)} s  ${cost}${scripted}`;
}

/** Shows an answer as it comes, then what it took. */
async function follow(id: number): Promise<void> {
  let shown = 0;
  const show = (text: string) => process.stdout.write(plain(text));
  for (;;) {
    const t = await api().agents.trial.query({ id });
    if (!isJson() && t.answer.length > shown) {
      show(t.answer.slice(shown));
      shown = t.answer.length;
    }
    if (t.endedAt !== null) {
      if (t.error) process.exitCode = exits.failed;
      print(t, () => {
        const end = t.error
          ? `✕ ${t.error.code}: ${sentence(t.error.message)} ${t.error.hint}`
          : `✓ ${trialLine(t)}`;
        return `${shown > 0 ? '\n\n' : ''}${end}`;
      });
      return;
    }
    await sleep(LOOK_MS);
  }
}

/** `alai agents` and `alai test-agent`: who can be given work, and one question to one of them. */
export function registerAgentCommands(program: Command): void {
  program
    .command('agents')
    .description('models and coding agents that can be given work: where, what they can do, why not')
    .option('--usable', 'only those that can be asked now')
    .action(async (o: { usable?: boolean }) => {
      const all = await api().agents.list.query();
      const agents = o.usable ? all.filter((a) => a.usable && a.why === '') : all;
      print(agents, () =>
        agents.length > 0
          ? agents.map(agentLine).join('\n')
          : 'No model and no agent yet. See companies/_shared/fleet.yaml and providers.yaml.',
      );
    });
  program
    .command('test-agent <name> <prompt>')
    .description('ask one agent one thing, without a task: its answer, tokens, time and cost')
    .option('--host <host>', 'the host that asks it')
    .option('--model <model>', 'its model, where it has several')
    .action(async (name: string, prompt: string, o: { host?: string; model?: string }) => {
      const { id } = await api().agents.test.mutate({ name, prompt, ...o });
      await follow(id);
    });
}
