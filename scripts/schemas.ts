/** `npm run schemas`: writes companies/_schema/ from the zod schemas, and their references into the files, so that editors help. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { globSync } from 'tinyglobby';
import { jsonSchemaTexts, withReference } from '#server/catalogue/json-schemas.ts';

mkdirSync('companies/_schema', { recursive: true });
for (const [name, text] of Object.entries(jsonSchemaTexts()))
  writeFileSync(`companies/_schema/${name}`, text);
for (const file of globSync('companies/**/*.{json,yaml}', { ignore: ['companies/_schema/**'] })) {
  const before = readFileSync(file, 'utf8');
  const after = withReference(file.replace(/^companies\//, ''), before);
  if (after !== before) writeFileSync(file, after);
}
