/**
 * `npm run schemas`: writes companies/_schema/ from the zod schemas, and their references into the files, so that editors
 * help. With --check it writes nothing and fails when something is old; part of `npm run check`.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { globSync } from 'tinyglobby';
import { jsonSchemaTexts, withReference } from '#server/catalogue/json-schemas.ts';

const checking = process.argv.includes('--check');
const old: string[] = [];
function put(file: string, text: string, same: boolean): void {
  if (same) return;
  old.push(file);
  if (!checking) writeFileSync(file, text);
}

mkdirSync('companies/_schema', { recursive: true });
for (const [name, text] of Object.entries(jsonSchemaTexts())) {
  const file = `companies/_schema/${name}`;
  put(file, text, isDeepStrictEqual(jsonOf(file), JSON.parse(text)));
}
for (const file of globSync('companies/**/*.{json,yaml}', { ignore: ['companies/_schema/**'] })) {
  const before = readFileSync(file, 'utf8');
  const after = withReference(file.replace(/^companies\//, ''), before);
  put(file, after, after === before);
}
if (checking && old.length) {
  console.error(`${old.join('\n')}\nis not what the code checks: run npm run schemas.`);
  process.exit(1);
}

/** The formatter may lay a schema out in its own way; what it says counts. */
function jsonOf(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
