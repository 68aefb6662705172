'use client';
import { useMutation } from '@tanstack/react-query';
import { toast } from 'sonner';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { Button } from '../ui/button.tsx';
import { clock } from '../ui/format.ts';
import { Mark } from '../ui/mark.tsx';
import { useStrip } from './strip.tsx';

/** Facts that colour everything below them: the factory is stopped, the models are scripted. */
export function Banners() {
  const trpc = useTRPC();
  const { data: strip, error, refetch } = useStrip();
  const resume = useMutation(
    trpc.factory.resume.mutationOptions({
      onSuccess: () => refetch(),
      onError: (e) => toast.error(refusalOf(e).message, { description: refusalOf(e).hint }),
    }),
  );
  return (
    <>
      {error && !strip ? (
        <p className="banner" role="alert">
          <span className="chip failed">
            <Mark shape="failed" />
          </span>
          <b>{refusalOf(error).message}</b>
          {refusalOf(error).hint}
        </p>
      ) : null}
      {strip?.stopped ? (
        <div className="banner" role="status">
          <span className="chip yours">
            <Mark shape="yours" />
          </span>
          <span className="grow">
            <b>The factory is stopped.</b> {strip.stopped.by} stopped it at {clock(strip.stopped.at)}
            {strip.stopped.reason ? `: ${strip.stopped.reason}` : ''}. Nothing starts until you resume.
          </span>
          <Button small onClick={() => resume.mutate()} disabled={resume.isPending}>
            Resume the factory
          </Button>
        </div>
      ) : null}
    </>
  );
}
