import type { Command } from 'commander';
import { type BudgetScope, budgetSchema, budgetScopes } from '#server/domain/budget.ts';
import { AlaiError } from '#server/domain/errors.ts';
import { money } from '#server/domain/money.ts';
import { type SpendGroup, spendGroups } from '#server/domain/views/spend.ts';
import { api } from './client.ts';
import { table } from './format.ts';
import { print } from './output.ts';
import { projectNamed } from './project.ts';

function scopeOf(text: string): BudgetScope {
  const scope = budgetScopes.find((s) => s === text);
  if (scope) return scope;
  throw new AlaiError(
    'BAD_INPUT',
    `There is no budget of a "${text}".`,
    `Choose one of ${budgetScopes.join(', ')}.`,
  );
}

/** `alai spend` and `alai budget`: what the factory costs, and what it may cost. */
export function registerSpendCommands(program: Command): void {
  program
    .command('spend')
    .description('what was spent, where the month is going, the dearest tasks')
    .option('--days <n>', 'how many days back', '30')
    .option('--by <what>', `divided by ${spendGroups.join(', ')}`, 'company')
    .action(async (o: { days: string; by: string }) => {
      const by = spendGroups.find((g) => g === o.by) as SpendGroup | undefined;
      if (!by)
        throw new AlaiError(
          'BAD_INPUT',
          `Spending is not divided by "${o.by}".`,
          `Choose one of ${spendGroups.join(', ')}.`,
        );
      const v = await api().spend.get.query({ days: Number(o.days) });
      print(v, () =>
        [
          `${money(v.total.eur)} in ${o.days} days. ${money(v.month.spent)} of ${money(v.month.limit)} this month${v.month.fromDays ? `; at this rate ${money(v.month.forecast)} by its end (mean of ${v.month.fromDays} ${v.month.fromDays === 1 ? 'day' : 'days'})` : '; no day has gone by yet that says where it is going'}.`,
          ...(v.total.scripted
            ? [`${v.total.scripted} of ${v.total.calls} calls were scripted: no model was called.`]
            : []),
          ...(v.total.estimated
            ? [
                `${v.total.estimated} of ${v.total.calls} calls broke off and are counted by the text that came: estimated.`,
              ]
            : []),
          ...(v.waits.tasks > 0
            ? [
                `${v.waits.tasks} waiting for money: ${v.waits.asked > 0 ? 'npx alai queue' : (v.waits.why ?? 'looked at again within a minute')}`,
              ]
            : []),
          '',
          table(
            [by.toUpperCase(), 'EURO', 'IN', 'OUT', 'GPU S', 'TASKS'],
            v.groups[by].map((r) => [
              r.name,
              money(r.eur),
              String(Math.round(r.tokensIn + r.tokensCache)),
              String(Math.round(r.tokensOut)),
              r.gpuSeconds.toFixed(0),
              String(r.tasks),
            ]),
          ),
          '',
          table(
            ['DEAREST', 'EURO', 'TITLE'],
            v.dearest.map((t) => [`#${t.taskId}`, money(t.eur), t.title]),
          ),
        ].join('\n'),
      );
    });

  const budget = program
    .command('budget')
    .description('what may be spent, and how much of it is')
    .action(async () => {
      const rows = await api().spend.budgets.query();
      print(rows, () =>
        table(
          ['BUDGET', 'LIMIT', 'SPENT', 'PROMISED', 'FROM'],
          rows.map((b) => [
            b.name,
            money(b.limit),
            b.period ? money(b.spent) : '',
            b.reserved > 0 ? money(b.reserved) : '',
            b.from === 'default' ? 'safe default' : b.setBy ? `set by ${b.setBy}` : b.from,
          ]),
        ),
      );
    });
  budget
    .command('set <scope> <euro> [key]')
    .description(
      `scope: ${budgetScopes.join(', ')}; key: a task's or pipeline's number, a company, a project; "none" as euro takes it away`,
    )
    .action(async (scope: string, amount: string, key: string | undefined) => {
      const none = amount === 'none';
      const limit = none ? null : Number(amount.replace(',', '.'));
      const input = { scope: scopeOf(scope), key: key ?? '', limit };
      if (!none && !budgetSchema.safeParse(input).success)
        throw new AlaiError(
          'BAD_INPUT',
          `"${amount}" is no amount of money.`,
          'Give euro from 0 to 100000, for example 12.50, or none.',
        );
      if (input.scope === 'project' && input.key !== '') input.key = (await projectNamed(input.key)).id;
      await api().spend.setBudget.mutate(input);
      print({ ok: true }, () =>
        none ? 'The general budget, or the default, counts again.' : `Up to ${money(limit ?? 0)}.`,
      );
    });
}
