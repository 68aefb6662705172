'use client';
import { useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useEffect, useRef, useState } from 'react';
import { invalidator } from './invalidate.ts';
import { goToSignIn } from './refusal.ts';
import { openStream, type Phase } from './stream.ts';
import { useTRPCClient } from './trpc.ts';

interface Live {
  phase: Phase;
  /** Calls back whenever the transcript of this attempt has grown. Returns how to stop. */
  onTranscript: (attemptId: number, listener: () => void) => () => void;
}

const LiveContext = createContext<Live>({ phase: 'connecting', onTranscript: () => () => undefined });
export const useLive = () => useContext(LiveContext);

/** Keeps every query of the page true while the factory moves. One per page, around everything that shows data. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useTRPCClient();
  const queries = useQueryClient();
  const [phase, setPhase] = useState<Phase>('connecting');
  const ticks = useRef(new Map<number, Set<() => void>>());

  useEffect(() => {
    const invalidate = invalidator(queries);
    let paused = false;
    return openStream({
      onSignedOut: () => {
        // The refusal of any question leads to the sign-in; this asks one.
        void client.me.get.query().catch(goToSignIn);
      },
      onMessage: (message) => {
        if (message.entity === 'transcript')
          for (const tell of ticks.current.get(Number(message.entityId)) ?? []) tell();
        else invalidate(message);
      },
      onPhase: (next) => {
        // What happened while the stream was down arrives with the resume; what was cached is asked again too.
        if (next === 'live' && paused) void queries.invalidateQueries();
        paused = next === 'paused';
        setPhase(next);
      },
    });
  }, [client, queries]);

  const onTranscript = useRef((attemptId: number, listener: () => void) => {
    const set = ticks.current.get(attemptId) ?? new Set();
    ticks.current.set(attemptId, set.add(listener));
    return () => {
      set.delete(listener);
    };
  }).current;

  return <LiveContext value={{ phase, onTranscript }}>{children}</LiveContext>;
}
