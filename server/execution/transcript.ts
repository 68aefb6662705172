import type { AttemptPorts } from '#server/domain/attempt.ts';
import type { TranscriptKind } from '#server/domain/records.ts';
import { escapeText } from './escape.ts';

/** Writes an attempt's transcript; streaming text replaces itself under one number, at most every `everyMs`. */
export interface Transcript {
  add(stepKey: string, kind: TranscriptKind, data: Record<string, unknown>): void;
  /** Opens an entry that grows while a model speaks. */
  stream(stepKey: string): { push(delta: string): void; end(text: string): void };
  /** No timer outlives the attempt. */
  close(): void;
}

export function createTranscript(
  ports: Pick<AttemptPorts, 'transcript' | 'progress' | 'now'>,
  everyMs = 250,
): Transcript {
  let seq = 0;
  const timers = new Set<NodeJS.Timeout>();
  const put = (n: number, stepKey: string, kind: TranscriptKind, data: Record<string, unknown>) => {
    ports.transcript({ seq: n, at: ports.now(), stepKey, kind, data });
    ports.progress();
  };
  return {
    add(stepKey, kind, data) {
      put(++seq, stepKey, kind, data);
    },
    stream(stepKey) {
      let mine = 0;
      let text = '';
      let timer: NodeJS.Timeout | undefined;
      const flush = () => {
        if (timer) timers.delete(timer);
        timer = undefined;
        mine ||= ++seq;
        put(mine, stepKey, 'stream', { text: escapeText(text) });
      };
      const stop = () => {
        if (!timer) return;
        clearTimeout(timer);
        timers.delete(timer);
        timer = undefined;
      };
      return {
        push(delta) {
          text += delta;
          if (!timer) {
            timer = setTimeout(flush, everyMs);
            timers.add(timer);
          }
        },
        end(whole) {
          stop();
          if (whole === '' && mine === 0) return;
          mine ||= ++seq;
          put(mine, stepKey, 'assistant', { text: escapeText(whole) });
        },
      };
    },
    close() {
      for (const t of timers) clearTimeout(t);
      timers.clear();
    },
  };
}
