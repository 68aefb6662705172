'use client';
import type { PipelineNode, PipelineView } from '#server/domain/views/pipeline.ts';
import { clock, money, plural, took } from '../ui/format.ts';
import { Mark } from '../ui/mark.tsx';
import { Scroll } from '../ui/scroll.tsx';
import { hostName, tierName } from '../ui/words.ts';
import { eventWords } from './event-words.ts';
import { Head } from './inspector-parts.tsx';
import type { Travel } from './use-travel.ts';

const lines = 12;
const attemptWord = (state: string) => state.toLowerCase().replace(/_/g, ' ');

/** A node at a moment of the past: what had happened to it, its attempts until then, and what it waited for. */
export function PastInspector({
  node,
  view,
  travel,
}: {
  node: PipelineNode;
  view: PipelineView;
  travel: Travel;
}) {
  const at = travel.at ?? 0;
  const entries = (travel.log.moments ?? [])
    .slice(0, travel.count)
    .flatMap((m) => m.entries)
    .filter((e) => e.taskId === node.taskId && node.taskId !== null);
  const waits = view.edges.filter((e) => e.to === node.id && e.kind === 'depends');
  return (
    <Scroll className="scroll" label="Details">
      <Head node={node}>
        <p className="m mt-2">As it was at {clock(new Date(at), true)}, not live.</p>
      </Head>
      {waits.length > 0 ? (
        <section>
          <h3>Waited for</h3>
          <ul className="rows">
            {waits.map((e) => (
              <li key={e.id}>
                <span className="n">
                  {view.nodes.find((n) => n.id === e.from)?.taskId ?? 'a planned stage'}
                </span>
                <span className="m">{e.satisfied ? 'there' : 'not there yet'}</span>
              </li>
            ))}
          </ul>
        </section>
      ) : null}
      <section>
        <h3>
          Until then <span className="end font-normal">newest first</span>
        </h3>
        {entries.length === 0 ? <p className="m">Nothing had happened to it yet.</p> : null}
        <ol className="now-log past-log">
          {entries
            .slice(-lines)
            .reverse()
            .map((e) => (
              <li key={e.seq} title={e.reason}>
                <span className="n m">{clock(e.at, true)}</span>
                <span className="cut">{eventWords(e)}</span>
              </li>
            ))}
        </ol>
        {entries.length > lines ? (
          <p className="m">{plural(entries.length - lines, 'event')} before these.</p>
        ) : null}
      </section>
      <section>
        <h3>Attempts until then</h3>
        {node.attempts.length === 0 ? <p className="m">No agent had started.</p> : null}
        <ul className="rows">
          {node.attempts.map((a) => (
            <li key={a.id}>
              <span className="n">{a.n}</span>
              <Mark shape={a.endedAt ? (a.state === 'SUCCEEDED' ? 'done' : 'failed') : 'running'} />
              <span className="cut grow">
                {attemptWord(a.state)} · {tierName(a.tier)} · {hostName(a.host)}
              </span>
              <span className="n m">{took((a.endedAt?.getTime() ?? at) - a.startedAt.getTime())}</span>
            </li>
          ))}
        </ul>
        <p className="m mt-1">
          Spent by the attempts that had ended: <span className="n">{money(node.costEur)}</span>
        </p>
      </section>
    </Scroll>
  );
}
