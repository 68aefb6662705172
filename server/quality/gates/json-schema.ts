import { lstat, readFile } from 'node:fs/promises';
import { join, normalize } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { type GateOf, verdict } from './gate.ts';

const MAX_BYTES = 5_000_000;

/** A file of the repository satisfies a JSON Schema (draft 2020-12). References to other addresses are not followed. */
export const jsonSchema: GateOf<'json_schema'> = async (spec, { root }) => {
  const data = await readData(root, spec.path);
  if ('problem' in data) return verdict(false, data.problem);
  const schema = typeof spec.schema === 'string' ? await readData(root, spec.schema) : { value: spec.schema };
  if ('problem' in schema) return verdict(false, schema.problem);
  const ajv = new Ajv2020({ allErrors: true, strict: false, validateFormats: false });
  try {
    const validate = ajv.compile(schema.value as object);
    if (validate(data.value)) return verdict(true, `${spec.path} satisfies its schema`);
    const errors = (validate.errors ?? []).map((e) => `${spec.path}${e.instancePath}: ${e.message}`);
    return verdict(
      false,
      `${spec.path} does not satisfy its schema: ${errors[0]}`,
      errors.slice(0, 30).join('\n'),
    );
  } catch (e) {
    return verdict(false, `the schema for ${spec.path} cannot be used: ${(e as Error).message}`);
  }
};

async function readData(root: string, path: string): Promise<{ value: unknown } | { problem: string }> {
  const clean = normalize(path);
  if (clean.startsWith('..') || clean.startsWith('/'))
    return { problem: `${path} is outside the repository` };
  const at = await lstat(join(root, clean)).catch(() => null);
  if (!at?.isFile()) return { problem: `${path} is not a file of the repository` };
  if (at.size > MAX_BYTES) return { problem: `${path} is larger than ${MAX_BYTES / 1_000_000} MB` };
  try {
    const text = await readFile(join(root, clean), 'utf8');
    return { value: /\.ya?ml$/.test(clean) ? parse(text, { maxAliasCount: 20 }) : JSON.parse(text) };
  } catch (e) {
    return { problem: `${path} cannot be parsed: ${(e as Error).message.split('\n')[0]}` };
  }
}
