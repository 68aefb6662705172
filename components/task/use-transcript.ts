'use client';
import { useEffect, useState } from 'react';
import type { TranscriptView } from '#server/domain/views/transcript.ts';
import { useLive } from '../live/live.tsx';
import { useTRPCClient } from '../live/trpc.ts';

export type TranscriptEntry = TranscriptView['entries'][number];

/** While an attempt lives its transcript is also asked now and then, should a tick get lost. */
const pollMs = 3_000;

/** The transcript of one attempt, growing: asks only for what was written or rewritten since the last answer. */
export function useTranscript(
  taskId: number,
  attemptId: number | null,
): { entries: TranscriptEntry[]; live: boolean; failed: boolean } {
  const client = useTRPCClient();
  const { onTranscript } = useLive();
  const [state, setState] = useState<{
    of: number | null;
    entries: TranscriptEntry[];
    live: boolean;
    failed: boolean;
  }>({
    of: null,
    entries: [],
    live: false,
    failed: false,
  });

  useEffect(() => {
    if (attemptId === null) return;
    const entries = new Map<number, TranscriptEntry>();
    let cursor = 0;
    let asking = false;
    let again = false;
    let gone = false;
    let timer: ReturnType<typeof setTimeout> | undefined;

    const ask = async () => {
      if (asking) {
        again = true;
        return;
      }
      asking = true;
      clearTimeout(timer);
      let live = true;
      do {
        again = false;
        try {
          const got = await client.tasks.transcript.query({ taskId, attemptId, afterRev: cursor });
          if (gone) return;
          cursor = Math.max(cursor, got.cursor);
          live = got.live;
          for (const e of got.entries) entries.set(e.seq, e);
          setState({
            of: attemptId,
            entries: [...entries.values()].sort((a, b) => a.seq - b.seq),
            live: got.live,
            failed: false,
          });
        } catch {
          if (gone) return;
          setState((s) => ({ ...s, of: attemptId, failed: true }));
        }
      } while (again && !gone);
      asking = false;
      if (live && !gone) timer = setTimeout(() => void ask(), pollMs);
    };

    const stop = onTranscript(attemptId, () => void ask());
    void ask();
    return () => {
      gone = true;
      clearTimeout(timer);
      stop();
    };
  }, [taskId, attemptId, client, onTranscript]);

  return state.of === attemptId ? state : { entries: [], live: false, failed: false };
}
