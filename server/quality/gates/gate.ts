import type { GateSpec } from '#server/domain/blueprint.ts';
import type { GateContext, GateResult } from '#server/domain/seams.ts';

export type GateOf<K extends GateSpec['kind']> = (
  spec: Extract<GateSpec, { kind: K }>,
  input: GateContext,
) => Promise<GateResult>;

/** An answer without a command. */
export function verdict(ok: boolean, detail: string, output = ''): GateResult {
  return { ok, detail, command: null, exitCode: null, output };
}
