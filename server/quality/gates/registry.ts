import type { GateSpec } from '#server/domain/blueprint.ts';
import type { GateContext, GateResult } from '#server/domain/seams.ts';
import { shortLines } from '../lines.ts';
import { command } from './command.ts';
import { diffOnly } from './diff-only.ts';
import { fileExists } from './file-exists.ts';
import type { GateOf } from './gate.ts';
import { http } from './http.ts';
import { jsonSchema } from './json-schema.ts';
import { minOutput } from './min-output.ts';
import { noPlaceholders } from './no-placeholders.ts';
import { noSecrets } from './no-secrets.ts';

/** Every gate a blueprint may name; a new kind does not compile until it is here. */
const gates = {
  file_exists: fileExists,
  command,
  min_output: minOutput,
  no_placeholders: noPlaceholders,
  no_secrets: noSecrets,
  diff_only: diffOnly,
  json_schema: jsonSchema,
  http,
} as const satisfies { [K in GateSpec['kind']]: GateOf<K> };

/** Checks one gate. A gate never throws for what it finds, only for what breaks it (an abort, no sandbox). */
export function runGate(spec: GateSpec, input: GateContext): Promise<GateResult> {
  const gate = gates[spec.kind] as (s: GateSpec, i: GateContext) => Promise<GateResult>;
  return gate(spec, { ...input, addedLines: shortLines(input.addedLines) });
}
