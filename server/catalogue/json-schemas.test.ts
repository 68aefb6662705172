import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { globSync } from 'tinyglobby';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { jsonSchemaTexts, schemaNameOf, withReference } from './json-schemas.ts';

const texts = jsonSchemaTexts();
const ajv = new Ajv2020({ strict: false, validateFormats: false });
const validators = new Map(
  Object.entries(texts).map(([name, text]) => [name, ajv.compile(JSON.parse(text))]),
);
const files = globSync('companies/**/*.{json,yaml}', { ignore: ['companies/_schema/**'] });

test('companies/_schema is what the code checks', () => {
  expect(readdirSync('companies/_schema').sort(), 'run npm run schemas').toEqual(Object.keys(texts).sort());
  for (const [name, text] of Object.entries(texts))
    expect(
      JSON.parse(readFileSync(`companies/_schema/${name}`, 'utf8')),
      `${name}: run npm run schemas`,
    ).toEqual(JSON.parse(text));
});

test.each(files)('%s names its schema and satisfies it', (file) => {
  const text = readFileSync(file, 'utf8');
  expect(withReference(file.replace(/^companies\//, ''), text), 'run npm run schemas').toBe(text);
  const name = schemaNameOf(file.replace(/^companies\//, ''));
  const validate = validators.get(`${name}.json`);
  if (!validate) throw new Error(`no schema for ${file}`);
  validate(parse(text));
  expect(validate.errors).toBeNull();
});
