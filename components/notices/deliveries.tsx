'use client';
import { useMutation } from '@tanstack/react-query';
import Link from 'next/link';
import { toast } from 'sonner';
import type { DeliveryView } from '#server/domain/views/notifications.ts';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { Button } from '../ui/button.tsx';
import { clock, plural, took } from '../ui/format.ts';
import { Chip } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';
import { Age } from '../ui/time.tsx';
import { stateWords } from './words.ts';

const outcome = (ok: boolean | null) => (ok === null ? 'outcome unknown' : ok ? 'taken' : 'refused');

function DeliveryRow({
  delivery: d,
  mayReplay,
  onChange,
}: {
  delivery: DeliveryView;
  mayReplay: boolean;
  onChange: () => void;
}) {
  const trpc = useTRPC();
  const replay = useMutation(
    trpc.notifications.replay.mutationOptions({
      onSuccess: onChange,
      onError: (e) => void toast.error(refusalOf(e).message, { description: refusalOf(e).hint }),
    }),
  );
  const state = stateWords[d.state];
  return (
    <li className="delivery">
      <Chip shape={state.shape} word={state.word}>
        <span>
          · <Age since={d.endedAt ?? d.createdAt} />
        </span>
      </Chip>
      <span className="grow">
        <Link href={d.path} className="cut">
          {plain(d.title)}
        </Link>
        <span className="m delivery-facts">
          {plain(d.channel.name)}
          {d.reason ? ` · ${plain(d.reason)}` : ''}
          {d.nextAt ? ` · next at ${clock(d.nextAt, true)}` : ''}
        </span>
        {d.attempts.length > 0 ? (
          <details>
            <summary className="m">{plural(d.attempts.length, 'try', 'tries')}</summary>
            <ol>
              {d.attempts.map((a) => (
                <li key={a.n} className="m">
                  <span className="n">{clock(a.startedAt, true)}</span> {outcome(a.ok)}
                  {a.status === null ? '' : `, ${a.status}`}
                  {a.ms === null ? '' : `, ${took(a.ms)}`}
                  {a.response ? `: ${plain(a.response)}` : ''}
                </li>
              ))}
            </ol>
          </details>
        ) : null}
      </span>
      {mayReplay && d.state !== 'DIGESTED' && d.state !== 'SENDING' ? (
        <Button
          small
          disabled={replay.isPending}
          aria-label={`Send again: ${d.title}, ${d.channel.name}`}
          onClick={() => replay.mutate({ id: d.id })}
        >
          Send again
        </Button>
      ) : null}
    </li>
  );
}

/** What was sent, to whom, by how many tries. */
export function Deliveries({
  deliveries,
  mayReplay,
  onChange,
}: {
  deliveries: DeliveryView[];
  mayReplay: boolean;
  onChange: () => void;
}) {
  return (
    <section aria-labelledby="deliveries">
      <h3 id="deliveries">
        Deliveries <span className="n">{deliveries.length || ''}</span>
      </h3>
      <ul className="setting-rows">
        {deliveries.map((d) => (
          <DeliveryRow key={d.id} delivery={d} mayReplay={mayReplay} onChange={onChange} />
        ))}
        {deliveries.length === 0 ? (
          <li className="m">Nothing was sent yet. Send a test to a channel.</li>
        ) : null}
      </ul>
    </section>
  );
}
