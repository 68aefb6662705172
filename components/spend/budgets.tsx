'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { toast } from 'sonner';
import { MAX_BUDGET } from '#server/domain/budget.ts';
import type { BudgetRow, SpendView } from '#server/domain/views/spend.ts';
import { useMay } from '../live/me.ts';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { AskDialog } from '../ui/ask-dialog.tsx';
import { Button } from '../ui/button.tsx';
import { money } from '../ui/format.ts';
import { Mark } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';
import { fillOf, matters, sourceOf } from './words.ts';

const shapes = { fine: null, warned: 'yours', full: 'failed' } as const;
const said = { fine: '', warned: 'more than 80 % spent', full: 'used up' } as const;

/** What may be spent, how much of it is, and how to change it. */
export function Budgets({ view }: { view: SpendView }) {
  const may = useMay('configure');
  const [chosen, setChosen] = useState<BudgetRow | null>(null);
  const shown = view.budgets.filter((b) => matters(b));
  const calm = view.budgets.filter((b) => !matters(b));
  const row = (b: BudgetRow) => (
    <Budget key={`${b.scope}:${b.key}`} row={b} onChange={may ? () => setChosen(b) : null} />
  );
  return (
    <section className="budgets" aria-labelledby="budgets">
      <h2 id="budgets">Budgets</h2>
      <ul>{shown.map(row)}</ul>
      {calm.length > 0 ? (
        <details className="budgets-calm">
          <summary className="m">{calm.length} more, none of them near its end</summary>
          <ul>{calm.map(row)}</ul>
        </details>
      ) : null}
      <p className="m">
        Every call is covered at its dearest before it is made. A budget warns at 80 % and stops at 100 %;
        what it stops waits and asks.
      </p>
      {chosen ? (
        <Change row={chosen} fallback={view.defaults[chosen.scope] ?? 0} onClose={() => setChosen(null)} />
      ) : null}
    </section>
  );
}

function Budget({ row: b, onChange }: { row: BudgetRow; onChange: (() => void) | null }) {
  const counts = b.period !== '';
  const fill = fillOf(b);
  const shape = counts || b.limit === 0 ? shapes[fill.state] : null;
  return (
    <li>
      <p className="budget-line">
        {shape ? <Mark shape={shape} /> : null}
        <span className="cut budget-name">{plain(b.name)}</span>
        <span className="n end">
          {counts ? `${money(b.spent)} of ` : ''}
          {money(b.limit)}
        </span>
      </p>
      {counts ? (
        <div className="budget-bar" data-state={fill.state} aria-hidden="true">
          <i style={{ width: `${fill.spent * 100}%` }} />
          <i className="promised" style={{ width: `${fill.promised * 100}%` }} />
        </div>
      ) : null}
      <p className="m budget-meta">
        <span>
          {[
            shape ? said[fill.state] : '',
            b.reserved > 0 ? `${money(b.reserved)} promised to what runs` : '',
            b.raised > 0 ? `${money(b.raised)} of it given on top` : '',
            sourceOf(b),
          ]
            .filter(Boolean)
            .map((t, i) => (i === 0 ? t.charAt(0).toUpperCase() + t.slice(1) : t))
            .join(' · ')}
        </span>
        {onChange ? (
          <Button
            small
            kind="quiet"
            className="end"
            aria-label={`Change the budget of ${b.name}`}
            onClick={onChange}
          >
            Change
          </Button>
        ) : null}
      </p>
    </li>
  );
}

function Change({ row, fallback, onClose }: { row: BudgetRow; fallback: number; onClose: () => void }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const [text, setText] = useState(String(row.limit - row.raised));
  const set = useMutation(
    trpc.spend.setBudget.mutationOptions({
      onSuccess: (_, { limit }) => {
        toast(limit === null ? 'The default counts again' : `Budget set to ${money(limit)}`);
        void client.invalidateQueries({ queryKey: trpc.spend.pathKey() });
        onClose();
      },
      onError: (e) => toast.error(refusalOf(e).message, { description: refusalOf(e).hint }),
    }),
  );
  const limit = Number(text.trim().replace(',', '.'));
  const good = text.trim() !== '' && Number.isFinite(limit) && limit >= 0 && limit <= MAX_BUDGET;
  const where = { scope: row.scope, key: row.key };
  return (
    <AskDialog
      title={`Budget: ${plain(row.name)}`}
      says={
        limit === 0 && good
          ? 'Nothing that costs something is started any more.'
          : 'More lets waiting work go on at once. Less does not take back what is promised to running work.'
      }
      leave="Leave it"
      yes={good ? `Allow ${money(limit)}` : 'Allow'}
      ready={good && !set.isPending}
      onClose={onClose}
      onYes={() => set.mutate({ ...where, limit })}
      other={
        row.from === 'own' || (row.key === '' && row.from === 'general') ? (
          <Button onClick={() => set.mutate({ ...where, limit: null })}>
            Back to {row.key === '' ? money(fallback) : 'the general one'}
          </Button>
        ) : null
      }
    >
      <label className="flex items-center gap-2">
        <span className="m">Euro</span>
        <input className="field" inputMode="decimal" value={text} onChange={(e) => setText(e.target.value)} />
      </label>
      {good ? null : (
        <p role="alert">An amount from 0 to {MAX_BUDGET.toLocaleString('en-US')}, for example 12.50.</p>
      )}
    </AskDialog>
  );
}
