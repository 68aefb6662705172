import { invariants } from '#server/engine/invariants.ts';
import { runSample } from '#server/api/compose.ts';
import { startWorld } from './world.ts';
const w = await startWorld({ backend: (process.argv[2] ?? 'postgres') as 'postgres', scale: 0.1, web: false, pace: 20 });
console.log(w.home);
const t = Date.now();
const made = await runSample(w.services, 'bento', 'x1', { kind: 'human', name: 'CEO' });
console.log(made);
const q = (s: string) => w.services.db.pool.query(s).then((r) => r.rows);
for (let i = 0; i < 150; i++) {
  const p = (await q(`select state from pipeline`))[0];
  const c = await q(`select status, count(*)::int n from task group by 1`);
  console.log(Math.round((Date.now() - t) / 1000), p.state, JSON.stringify(Object.fromEntries(c.map((x) => [x.status, x.n]))));
  if (!['RUNNING', 'OPEN'].includes(p.state)) break;
  await new Promise((r) => setTimeout(r, 1000));
}
console.table(await q(`select id, stage, cycle, status, verdict, host, attempts, failed_attempts f, infra_losses l, left(title, 50) title, left(feedback, 60) fb from task order by id`));
console.table(await q(`select kind, state, question, left(why, 160) why from escalation`));
console.table(await q(`select task_id, n, state, error_code, left(error, 200) error from attempt where state not in ('SUCCEEDED','RUNNING')`));
console.log(await invariants(w.services.db.pool));
console.log(Date.now() - t);
if (process.argv[3] !== 'keep') await w.stop(); else console.log('kept', w.home, w.databaseUrl);
process.exit(0);
