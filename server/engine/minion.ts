import { AlaiError } from '#server/domain/errors.ts';
import type { Queryable } from '#server/platform/db.ts';
import { cancelTask } from './cancel.ts';
import { lockChain } from './chain.ts';
import { withdrawEscalations } from './escalation.ts';
import type { Actor } from './event.ts';
import { move } from './move.ts';
import type { Delivery } from './outbox.ts';
import { openStage } from './stage.ts';
import { liveTask, lockTask } from './task.ts';

/** The chain of a minion, or a refusal for everything else. */
async function lockMinion(q: Queryable, id: number) {
  const t = await lockTask(q, id);
  await liveTask(q, t);
  const chain = t.chain_id === null ? null : await lockChain(q, t.chain_id);
  if (chain?.plan.landing !== 'hold')
    throw new AlaiError(
      'ILLEGAL_TRANSITION',
      `#${id} is no minion: its chain merges by itself.`,
      'See `npx alai minion list --all` for minions.',
    );
  return { t, chain };
}

/** Merges a minion's branch: one task of one harness step in its chain, which runs on a host as every merge does. */
export async function mergeMinion(q: Queryable, id: number, actor: Actor, note = ''): Promise<Delivery[]> {
  const { t, chain } = await lockMinion(q, id);
  if (chain.state !== 'NEEDS_HUMAN')
    throw new AlaiError(
      'ILLEGAL_TRANSITION',
      `The minion #${id} is ${chain.state.toLowerCase()} and has nothing to merge now.`,
      chain.state === 'ACTIVE'
        ? 'Wait until it is done.'
        : 'See `npx alai minion status` for what became of it.',
    );
  const reason = `${actor.name} merges it${note ? `: ${note}` : ''}`;
  await withdrawEscalations(q, { chainId: chain.id }, reason);
  await move(q, { machine: 'chain', id: chain.id, from: 'NEEDS_HUMAN', to: 'ACTIVE', actor, reason });
  const cycle = chain.cycle + 1;
  await q.query('UPDATE chain SET cycle = $2 WHERE id = $1', [chain.id, cycle]);
  const out = await openStage(q, chain, t, 'BUILD', {
    cycle,
    because: reason,
    mendsTask: null,
    head: null,
    mergeOnly: true,
  });
  await q.query('SELECT alai_derive($1)', [[chain.pipeline_id]]);
  return out;
}

/** Ends a minion without merging it; the conductor moves its branch into the recovery bin. */
export async function discardMinion(q: Queryable, id: number, actor: Actor, reason: string): Promise<void> {
  await lockMinion(q, id);
  await cancelTask(q, id, actor, reason || 'Discarded');
}
