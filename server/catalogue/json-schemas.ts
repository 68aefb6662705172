import { z } from 'zod';
import { blueprintSchema } from '#server/domain/blueprint.ts';
import { pricesSchema } from '#server/domain/prices.ts';
import { fleetSchema } from './fleet.ts';
import { providersSchema } from './providers.ts';
import {
  agentSchema,
  companyCardSchema,
  companyConfigSchema,
  companyMcpSchema,
  companyToolsSchema,
  mcpBaseSchema,
  routingSchema,
  safetySchema,
  skillSchema,
  tiersSchema,
} from './schema.ts';

/** Every kind of file below companies/, by the name of its JSON Schema there. */
const fileSchemas = {
  company: companyCardSchema,
  config: companyConfigSchema,
  tools: companyToolsSchema,
  mcp: companyMcpSchema,
  'mcp-base': mcpBaseSchema,
  agent: agentSchema,
  skill: skillSchema,
  blueprint: blueprintSchema,
  routing: routingSchema,
  safety: safetySchema,
  tiers: tiersSchema,
  fleet: fleetSchema,
  prices: pricesSchema,
  providers: providersSchema,
} as const;
type SchemaName = keyof typeof fileSchemas;

/** The text of each JSON Schema, for editors: what zod checks, as far as JSON Schema can say it. */
export function jsonSchemaTexts(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fileSchemas).map(([name, schema]) => {
      const made = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
      return [`${name}.json`, `${JSON.stringify({ title: `ALAI ${name}`, ...made }, null, 2)}\n`];
    }),
  );
}

const KINDS: [RegExp, SchemaName][] = [
  [/^company\.json$/, 'company'],
  [/^config\.json$/, 'config'],
  [/^config\/tools\.json$/, 'tools'],
  [/^config\/mcp\.json$/, 'mcp'],
  [/^agents\/.*\.yaml$/, 'agent'],
  [/^(?:blueprints|workflows)\/.*\.yaml$/, 'blueprint'],
];

/** Which JSON Schema a file below companies/ is held to; undefined for prose. */
export function schemaNameOf(file: string): SchemaName | undefined {
  const [folder, ...rest] = file.split('/');
  const inside = rest.join('/');
  if (folder === '_shared' && /^(?:routing|safety|tiers|fleet|prices|providers)\.yaml$/.test(inside))
    return inside.replace('.yaml', '') as SchemaName;
  if (folder === '_shared' && inside === 'mcp.json') return 'mcp-base';
  return KINDS.find(([pattern]) => pattern.test(inside))?.[1];
}

/** The file with its reference to the JSON Schema in the first lines, where editors look for it. */
export function withReference(file: string, text: string): string {
  const name = schemaNameOf(file);
  if (!name) return text;
  const to = `${'../'.repeat(file.split('/').length - 1)}_schema/${name}.json`;
  if (file.endsWith('.json')) {
    if (/^\{\s*"\$schema":/.test(text)) return text.replace(/^(\{\s*"\$schema": )"[^"]*"/, `$1"${to}"`);
    return text.replace(/^\{\s*/, `{\n  "$schema": "${to}",\n  `);
  }
  const line = `# yaml-language-server: $schema=${to}\n`;
  return text.startsWith('# yaml-language-server:') ? text.replace(/^.*\n/, line) : `${line}${text}`;
}
