import { readdirSync } from 'node:fs';
import { type AgentRole, agentRoles, type Blueprint, blueprintSchema } from '#server/domain/blueprint.ts';
import type { BlueprintFile } from './blueprints.ts';
import {
  type Agent,
  agentSchema,
  type CompanyCard,
  type CompanyConfig,
  type CompanyMcp,
  type CompanyTools,
  companyCardSchema,
  companyConfigSchema,
  companyMcpSchema,
  companyToolsSchema,
  type SkillCard,
  skillSchema,
} from './schema.ts';
import { CatalogueError, parseSource, readSource, sha256 } from './source.ts';

/** A skill: when it is given, and what it says. */
export interface Skill extends SkillCard {
  text: string;
  file: string;
}

/** A company as its folder describes it. */
export interface Company {
  name: string;
  card: CompanyCard;
  config: CompanyConfig;
  readme: string;
  agents: Record<AgentRole, Agent>;
  tools: CompanyTools;
  mcp: CompanyMcp;
  skills: Skill[];
  blueprints: Map<string, BlueprintFile>;
  /** What its agents are told: CLAUDE.md, their roles, and its skills. */
  rules: string;
  /** Version of everything a prompt is made of. */
  hash: string;
}

const MAX_RULES = 32_000;

function listed(root: string, folder: string): string[] {
  try {
    return readdirSync(`${root}/${folder}`)
      .filter((f) => !f.startsWith('.'))
      .sort();
  } catch {
    return [];
  }
}

/** company.json alone: who it is, and which words speak for it. */
export function readCard(root: string, folder: string): CompanyCard {
  const file = `${folder}/company.json`;
  const card = parseSource(readSource(root, file), file, companyCardSchema);
  if (card.name === folder) return card;
  const message = `name: is ${card.name}, but the folder is ${folder}; they must be the same.`;
  throw new CatalogueError({ file, line: 1, message });
}

/** Reads and checks one company's folder; throws with file and line at the first thing wrong. */
export function readCompany(root: string, folder: string): Company {
  const json = <S extends Parameters<typeof parseSource>[2]>(file: string, schema: S) =>
    parseSource(readSource(root, `${folder}/${file}`), `${folder}/${file}`, schema);
  const card = readCard(root, folder);
  const config = json('config.json', companyConfigSchema) as CompanyConfig;
  const tools = json('config/tools.json', companyToolsSchema) as CompanyTools;
  const mcp = json('config/mcp.json', companyMcpSchema) as CompanyMcp;
  const agents = Object.fromEntries(
    agentRoles.map((role) => {
      const file = `${folder}/agents/${role}.yaml`;
      const agent = parseSource(readSource(root, file), file, agentSchema);
      if (agent.role === role) return [role, agent];
      throw new CatalogueError({
        file,
        line: 1,
        message: `role: is ${agent.role}, but the file is ${role}.yaml.`,
      });
    }),
  ) as Record<AgentRole, Agent>;
  const skills = readSkills(root, `${folder}/skills`);
  const rules = rulesOf(readSource(root, `${folder}/CLAUDE.md`), agents, skills);
  if (rules.length > MAX_RULES) {
    const message = `Rules, roles and skills are ${rules.length} characters together; at most ${MAX_RULES} fit a prompt.`;
    throw new CatalogueError({ file: `${folder}/CLAUDE.md`, line: 1, message });
  }
  return {
    name: card.name,
    card,
    config,
    readme: readSource(root, `${folder}/README.md`),
    agents,
    tools,
    mcp,
    skills,
    blueprints: readBlueprints(root, `${folder}/blueprints`),
    rules,
    hash: sha256(JSON.stringify([card.name, rules, agents, tools, mcp])),
  };
}

function rulesOf(claude: string, agents: Record<AgentRole, Agent>, skills: Skill[]): string {
  const roles = agentRoles.map(
    (role) => `### When you are the ${role}\n\n${agents[role].instructions.trim()}`,
  );
  const skillTexts = skills.map((s) => s.text);
  return [claude.trim(), '## Roles', ...roles, ...(skills.length ? ['## Skills', ...skillTexts] : [])].join(
    '\n\n',
  );
}

/** The skills of one folder: front matter between two lines of ---, then the text. */
export function readSkills(root: string, folder: string): Skill[] {
  return listed(root, folder).map((entry) => {
    const file = `${folder}/${entry}/SKILL.md`;
    const source = readSource(root, file);
    const parts = /^---\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)([\s\S]*)$/.exec(source);
    if (!parts) {
      const message = 'begins without front matter: three dashes, name and description, three dashes.';
      throw new CatalogueError({ file, line: 1, message });
    }
    // The blank line keeps the lines of the front matter where they stand in the file.
    const card = parseSource(`\n${parts[1]}`, file, skillSchema);
    if (card.name !== entry) {
      const message = `name: is ${card.name}, but the folder is ${entry}.`;
      throw new CatalogueError({ file, line: 2, message });
    }
    return { ...card, text: (parts[2] ?? '').trim(), file };
  });
}

/** All blueprints of one folder, by name; the file is named like the blueprint. */
export function readBlueprints(
  root: string,
  folder: string,
  kind: Blueprint['kind'] = 'blueprint',
): Map<string, BlueprintFile> {
  const found = new Map<string, BlueprintFile>();
  for (const entry of listed(root, folder)) {
    if (!entry.endsWith('.yaml')) continue;
    const file = `${folder}/${entry}`;
    const blueprint = parseSource(readSource(root, file), file, blueprintSchema);
    if (`${blueprint.name}.yaml` !== entry) {
      throw new CatalogueError({
        file,
        line: 1,
        message: `name: is ${blueprint.name}, but the file is ${entry}.`,
      });
    }
    if (blueprint.kind !== kind) {
      const message = `kind: is ${blueprint.kind}, but this folder holds ${kind}s.`;
      throw new CatalogueError({ file, line: 1, message });
    }
    found.set(blueprint.name, { file, blueprint });
  }
  return found;
}
