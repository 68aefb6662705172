'use client';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { type Moment, momentsOf } from '#server/domain/replay.ts';
import type { LogEntry } from '#server/domain/views/replay.ts';
import { useTRPCClient } from '../live/trpc.ts';

/** Numbers are taken before a transaction commits, so the end of what is known is read once more. */
const overlap = 500;

export interface Log {
  moments: Moment[] | null;
  error: unknown;
  retry: () => void;
}

/** The whole log of a pipeline, read when somebody travels in it; while it grows, only its end is read again. */
export function useLog(id: number, wanted: boolean, growing: boolean): Log {
  const client = useTRPCClient();
  const log = useQuery<LogEntry[]>({
    queryKey: [['pipelines', 'log'], { input: { id } }],
    enabled: wanted,
    refetchInterval: wanted && growing ? 4_000 : false,
    staleTime: 2_000,
    queryFn: async ({ client: queries, signal, queryKey }) => {
      const before = queries.getQueryData<LogEntry[]>(queryKey) ?? [];
      const entries = new Map(before.map((e) => [e.seq, e]));
      const last = before.at(-1)?.seq ?? 0;
      let after: number | null = Math.max(0, last - overlap);
      while (after !== null) {
        const page: Awaited<ReturnType<typeof client.pipelines.log.query>> = await client.pipelines.log.query(
          { id, after },
          { signal },
        );
        for (const e of page.entries) if (!entries.has(e.seq)) entries.set(e.seq, e);
        after = page.next;
      }
      return entries.size === before.length ? before : [...entries.values()].sort((a, b) => a.seq - b.seq);
    },
  });
  const moments = useMemo(() => (log.data ? momentsOf(log.data) : null), [log.data]);
  return { moments, error: log.error, retry: () => void log.refetch() };
}
