import { z } from 'zod';

/** Ways a model server fails that no message can express: they are set by model name, by header or by a test. */
const faultNames = [
  // before there are headers
  '401',
  '402',
  '404',
  '429',
  '429-later',
  '500',
  '503',
  'slow',
  'stall',
  'hang-up',
  'clock-skew',
  'wrong-model',
  // in the middle of an answer
  'truncated',
  'endless',
  'bad-json',
  'silent',
  'drip',
  'huge',
  'reset',
  'truncated-call',
  // the answer itself
  'unknown-tool',
  'bad-arguments',
  'wrong-schema',
  'same-call',
  'empty',
  'refusal',
] as const;
export type FaultName = (typeof faultNames)[number];

export const plannedFaultSchema = z.strictObject({
  fault: z.enum(faultNames),
  /** How many requests it hits; 1 unless told. */
  times: z.number().int().positive().max(1_000).default(1),
  /** Only requests whose body matches. */
  match: z.string().max(500).optional(),
});
export type PlannedFault = z.infer<typeof plannedFaultSchema>;

const isFault = (s: string): s is FaultName => (faultNames as readonly string[]).includes(s);

/** Faults planned by a test over `POST /rehearsal/faults`; each is spent as it is used. */
export class FaultPlan {
  private planned: (PlannedFault & { left: number })[] = [];

  plan(f: PlannedFault): void {
    this.planned.push({ ...f, left: f.times });
  }

  clear(): void {
    this.planned = [];
  }

  /** `wrong-model` is what the server says of itself: it is spent there, and never by an answer. */
  take(body: string, about: 'answer' | 'server' = 'answer'): FaultName | null {
    const hit = this.planned.find(
      (p) =>
        p.left > 0 &&
        (p.fault === 'wrong-model') === (about === 'server') &&
        (!p.match || new RegExp(p.match, 'i').test(body)),
    );
    if (!hit) return null;
    hit.left--;
    return hit.fault;
  }
}

/** `qwen3:8b+503` names the model and the fault; `x-rehearsal-fault: slow` does it per request. */
export function askedFault(model: string, header: string | undefined): FaultName | null {
  const suffix = /\+([\w-]+)$/.exec(model)?.[1];
  if (suffix && isFault(suffix)) return suffix;
  return header && isFault(header) ? header : null;
}

const MENDABLE: readonly FaultName[] = [
  'truncated',
  'bad-json',
  'truncated-call',
  'unknown-tool',
  'bad-arguments',
  'wrong-schema',
];

/** `[fault: truncated]` in a task's title; a remark of the harness about it ends it, so that it can be mended. */
export function markedFault(title: string, told: string): FaultName | null {
  const name = /\[fault:\s*([\w-]+)\]/i.exec(title)?.[1];
  if (!name || !isFault(name)) return null;
  return MENDABLE.includes(name) && told.trim() !== '' ? null : name;
}

export const bareModel = (name: string) => name.replace(/\+[\w-]+$/, '');
