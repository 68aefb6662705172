import type { Command } from 'commander';
import { AlaiError } from '#server/domain/errors.ts';
import { money } from '#server/domain/money.ts';
import { api } from './client.ts';
import { table } from './format.ts';
import { print } from './output.ts';

function tierOf(text: string): number {
  const tier = Number(text);
  if (Number.isInteger(tier) && tier >= 1 && tier <= 99) return tier;
  throw new AlaiError('BAD_INPUT', `"${text}" is no tier.`, 'Tiers are numbers: see npx alai tiers.');
}

/** `alai tiers`: what each tier is worth for each kind of work, and where such work begins. */
export function registerTierCommands(program: Command): void {
  const tiers = program
    .command('tiers')
    .description('what each tier cost, took and achieved, and where work should better begin')
    .action(async () => {
      const v = await api().tiers.get.query();
      print(v, () =>
        [
          ...v.tiers.map((t) =>
            t.unserved ? `! ${t.unserved}` : `  Tier ${t.tier}  ${t.model}, ${t.name}: ${t.use}`,
          ),
          '',
          table(
            ['KIND', 'TIER', 'DONE', 'OF', 'EURO', 'SECONDS'],
            v.records.map((r) => [
              r.kind,
              String(r.tier),
              String(r.succeeded),
              String(r.attempts),
              v.scripted ? 'scripted' : money(r.eur),
              (r.ms / 1_000).toFixed(0),
            ]),
          ),
          ...v.suggestions.map(
            (s) =>
              `\nBetter: ${s.kind} on tier ${s.to} instead of ${s.from}. ${s.because}\n  npx alai tiers begin "${s.kind}" ${s.from} ${s.to}`,
          ),
          ...v.starts.map(
            (s) => `\n${s.kind} begins on tier ${s.tier} instead of ${s.insteadOf}, by ${s.setBy}.`,
          ),
        ].join('\n'),
      );
    });
  tiers
    .command('begin <kind> <from> <to>')
    .description(
      'let a kind of work ("BUILD feature") that would begin on one tier begin on another; "none" takes it back',
    )
    .option('--force', 'also on a tier that no host can serve now')
    .action(async (kind: string, from: string, to: string, o: { force?: boolean }) => {
      const insteadOf = tierOf(from);
      const tier = to === 'none' ? null : tierOf(to);
      await api().tiers.begin.mutate({ kind, insteadOf, tier, force: o.force === true });
      print({ ok: true }, () => `${kind} begins on tier ${tier ?? insteadOf} from the next task on.`);
    });
}
