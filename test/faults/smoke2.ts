import { invariants } from '#server/engine/invariants.ts';
import { submitChains } from './load.ts';
import { startWorld } from './world.ts';
const n = Number(process.argv[3] ?? 12);
const w = await startWorld({ backend: (process.argv[2] ?? 'postgres') as 'postgres', scale: 0.1, web: false, pace: 0 });
const t = Date.now();
await submitChains(w, n, Math.ceil(n / 6));
const q = (s: string) => w.services.db.pool.query(s).then((r) => r.rows);
for (let i = 0; i < 300; i++) {
  const c = Object.fromEntries((await q(`select state, count(*)::int n from chain group by 1`)).map((x) => [x.state, x.n]));
  if (i % 5 === 0) console.log(Math.round((Date.now() - t) / 1000), JSON.stringify(c), JSON.stringify(await q(`select status, count(*)::int n from task group by 1`)));
  if (!c.ACTIVE && !c.ACCEPTED) break;
  await new Promise((r) => setTimeout(r, 1000));
}
console.table(await q(`select stage, count(*)::int, sum(attempts)::int attempts, sum(failed_attempts)::int f, round(avg(extract(epoch from finished_at-started_at))::numeric,2) s, max(cycle) cycle from task group by 1`));
console.table(await q(`select kind, state, left(question,60) q, left(why, 160) why from escalation`));
console.table(await q(`select task_id, n, state, error_code, left(error, 200) error from attempt where state not in ('SUCCEEDED','RUNNING') limit 20`));
console.table(await q(`select merge_returns, count(*)::int from chain group by 1`));
console.log(await invariants(w.services.db.pool));
console.log(Date.now() - t);
await w.stop();
process.exit(0);
