import { readdirSync } from 'node:fs';
import { type AgentRole, agentRoles, blueprintSchema } from '#server/domain/blueprint.ts';
import type { BlueprintFile } from './blueprints.ts';
import {
  type Agent,
  agentSchema,
  type CompanyCard,
  type CompanyConfig,
  companyCardSchema,
  companyConfigSchema,
  companyMcpSchema,
  companyToolsSchema,
} from './schema.ts';
import { CatalogueError, parseSource, readSource, sha256 } from './source.ts';

export interface Skill {
  name: string;
  text: string;
}

/** A company as its folder describes it. */
export interface Company {
  name: string;
  card: CompanyCard;
  config: CompanyConfig;
  readme: string;
  agents: Record<AgentRole, Agent>;
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

/** Reads and checks one company's folder; throws with file and line at the first thing wrong. */
export function readCompany(root: string, folder: string): Company {
  const json = <S extends Parameters<typeof parseSource>[2]>(file: string, schema: S) =>
    parseSource(readSource(root, `${folder}/${file}`), `${folder}/${file}`, schema);
  const card = json('company.json', companyCardSchema) as CompanyCard;
  if (card.name !== folder) {
    const message = `name: is ${card.name}, but the folder is ${folder}; they must be the same.`;
    throw new CatalogueError({ file: `${folder}/company.json`, line: 1, message });
  }
  const config = json('config.json', companyConfigSchema) as CompanyConfig;
  json('config/tools.json', companyToolsSchema);
  json('config/mcp.json', companyMcpSchema);
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
  const skills = listed(root, `${folder}/skills`).map((name) => ({
    name,
    text: readSource(root, `${folder}/skills/${name}/SKILL.md`),
  }));
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
    skills,
    blueprints: readBlueprints(root, `${folder}/blueprints`),
    rules,
    hash: sha256(JSON.stringify([card.name, rules, agents])),
  };
}

function rulesOf(claude: string, agents: Record<AgentRole, Agent>, skills: Skill[]): string {
  const roles = agentRoles.map(
    (role) => `### When you are the ${role}\n\n${agents[role].instructions.trim()}`,
  );
  const skillTexts = skills.map((s) => withoutFrontmatter(s.text).trim());
  return [claude.trim(), '## Roles', ...roles, ...(skills.length ? ['## Skills', ...skillTexts] : [])].join(
    '\n\n',
  );
}

function withoutFrontmatter(text: string): string {
  return text.replace(/^---\n[\s\S]*?\n---\n/, '');
}

/** All blueprints of one folder, by name; the file is named like the blueprint. */
export function readBlueprints(root: string, folder: string): Map<string, BlueprintFile> {
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
    found.set(blueprint.name, { file, blueprint });
  }
  return found;
}
