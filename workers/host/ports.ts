import { reserveCall, spend } from '#server/budget/calls.ts';
import { readCatalogue } from '#server/catalogue/data.ts';
import type { AttemptPorts } from '#server/domain/attempt.ts';
import { AlaiError } from '#server/domain/errors.ts';
import type { TranscriptEntry } from '#server/domain/records.ts';
import type { Timing } from '#server/domain/timing.ts';
import type { Checkpoint, CheckpointResult } from '#server/engine/checkpoint.ts';
import { landedIntegration, planIntegration, settleEffect } from '#server/engine/effect.ts';
import {
  recordChecks,
  recordGate,
  recordPrompt,
  recordProof,
  writeTranscript,
} from '#server/engine/evidence.ts';
import { seeMcpServer } from '#server/engine/mcp.ts';
import { rememberStep } from '#server/engine/memory.ts';
import { openRound } from '#server/engine/next-round.ts';
import { sleep } from '#server/platform/clock.ts';
import type { Db } from '#server/platform/db.ts';

const TURN_MS = 100;

/** How one attempt reaches the engine. `flush` writes what is left of the transcript. */
export function attemptPorts(o: {
  db: Db;
  held: { attemptId: number; fence: number };
  checkpoint: (c: Checkpoint) => Promise<CheckpointResult>;
  progress: () => void;
  signal: AbortSignal;
  timing: Timing;
}): AttemptPorts & { flush(): Promise<void> } {
  const { db, held } = o;
  let waiting: TranscriptEntry[] = [];
  let timer: NodeJS.Timeout | undefined;
  let writing = Promise.resolve();
  const flush = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const batch = waiting;
    waiting = [];
    writing = writing
      .then(() => writeTranscript(db, held.attemptId, batch))
      // A transcript is for people: losing a line must not fail the work.
      .catch(() => {});
    return writing;
  };
  return {
    flush,
    checkpoint: async (done) => (await o.checkpoint({ ...held, ...done })).result,
    transcript(entry) {
      waiting.push(entry);
      o.progress();
      timer ??= setTimeout(() => void flush(), o.timing.transcriptFlush);
    },
    progress: o.progress,
    remember: (stepId, memory) => rememberStep(db, held, stepId, memory),
    beforeCall: (c) => reserveCall(db, readCatalogue().prices, held.attemptId, c),
    call: (c) => spend(db, readCatalogue().prices, held, c),
    gate: (g) => recordGate(db, held, g),
    nextRound: () => openRound(db, held),
    checks: (r) => recordChecks(db, held, r),
    proof: (p) => recordProof(db, held, p),
    prompt: (p) => recordPrompt(db, held, p),
    mcp: (seen) => seeMcpServer(db, seen),
    async planIntegration(plan) {
      for (;;) {
        o.signal.throwIfAborted();
        const planned = await planIntegration(db, held, plan);
        if (planned) return planned;
        // Merges of one project take turns.
        o.progress();
        await sleep(TURN_MS, o.signal);
      }
    },
    async settleIntegration(effectId, result) {
      const settled = await settleEffect(db, effectId, result === 'done' ? 'DONE' : 'ABANDONED');
      if (!settled)
        throw new AlaiError(
          'LEASE_LOST',
          'The sweep settled this merge already.',
          'Stop; another attempt goes on.',
        );
    },
    async landedIntegration() {
      for (;;) {
        o.signal.throwIfAborted();
        const found = await landedIntegration(db, held.attemptId);
        if (found !== 'unknown') return found;
        // The conductor looks at the branch; to go on before would take what is merged for nothing to merge.
        o.progress();
        await sleep(TURN_MS, o.signal);
      }
    },
    now: () => new Date(),
  };
}
