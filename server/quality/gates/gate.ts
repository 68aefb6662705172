import type { GateSpec } from '#server/domain/blueprint.ts';

/** What a gate may look at. Structurally what execution passes in; the two rooms do not import each other. */
export interface GateInput {
  root: string;
  run: (
    argv: string[],
    seconds: number,
  ) => Promise<{ exitCode: number | null; timedOut: boolean; output: string }>;
  changed: string[];
  addedLines: { file: string; line: number; text: string }[];
  output: string;
}

export interface GateOutcome {
  ok: boolean;
  skipped?: string;
  detail: string;
  command: string[] | null;
  exitCode: number | null;
  output: string;
}

export type GateOf<K extends GateSpec['kind']> = (
  spec: Extract<GateSpec, { kind: K }>,
  input: GateInput,
) => Promise<GateOutcome>;

/** An answer without a command. */
export function verdict(ok: boolean, detail: string, output = ''): GateOutcome {
  return { ok, detail, command: null, exitCode: null, output };
}
