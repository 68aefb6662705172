import { lstatSync } from 'node:fs';
import { type AgentRole, agentRoles } from '#server/domain/blueprint.ts';
import { type BlueprintFile, readBlueprints } from './blueprints.ts';
import { listed } from './folder.ts';
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
} from './schema.ts';
import { readSkills, type Skill } from './skills.ts';
import { CatalogueError, type Collector, lineOf, parseSource, readSource, sha256 } from './source.ts';

/** A company as its folder describes it. */
export interface Company {
  name: string;
  card: CompanyCard;
  config: CompanyConfig;
  readme: string;
  /** CLAUDE.md: who it is and what it stands for. */
  identity: string;
  agents: Record<AgentRole, Agent>;
  tools: CompanyTools;
  mcp: CompanyMcp;
  skills: Skill[];
  blueprints: Map<string, BlueprintFile>;
  /** What its agents are told: CLAUDE.md, their roles, and its skills. */
  rules: string;
  /** Version of everything in its folder that work is done by. */
  hash: string;
}

/** What one folder gave: the company when all of it is good, its card when at least that is. */
export interface CompanyRead {
  company: Company | undefined;
  card: CompanyCard | undefined;
}

const MAX_RULES = 32_000;

/** Reads and checks one company's folder. Everything wrong with it is collected, not only the first. */
export function readCompany(root: string, folder: string, collect: Collector): CompanyRead {
  const before = collect.problems.length;
  if (collect.read(() => ownFolder(root, folder)) === undefined)
    return { company: undefined, card: undefined };
  const json = <S extends Parameters<typeof parseSource>[2]>(file: string, schema: S) =>
    collect.read(() => parseSource(readSource(root, `${folder}/${file}`), `${folder}/${file}`, schema));
  const card = collect.read(() => readCard(root, folder));
  const config = json('config.json', companyConfigSchema) as CompanyConfig | undefined;
  const tools = json('config/tools.json', companyToolsSchema) as CompanyTools | undefined;
  const mcp = json('config/mcp.json', companyMcpSchema) as CompanyMcp | undefined;
  const agents = readAgents(root, folder, collect);
  const skills = readSkills(root, `${folder}/skills`, collect);
  const blueprints = readBlueprints(root, `${folder}/blueprints`, collect);
  const identity = collect.read(() => readSource(root, `${folder}/CLAUDE.md`));
  const readme = collect.read(() => readSource(root, `${folder}/README.md`));
  // Nothing is undefined when there is no problem; TypeScript cannot know that.
  const complete = card && config && tools && mcp && identity && readme;
  if (!complete || collect.problems.length > before) return { company: undefined, card };
  const rules = rulesOf(identity, agents as Record<AgentRole, Agent>, skills);
  if (rules.length > MAX_RULES) {
    collect.problems.push({
      file: `${folder}/CLAUDE.md`,
      line: 1,
      message: `Rules, roles and skills are ${rules.length} characters together; at most ${MAX_RULES} fit a prompt.`,
      remedy: 'Shorten CLAUDE.md or the skills.',
    });
    return { company: undefined, card };
  }
  const company = {
    ...{ name: card.name, card, config, readme, identity, tools, mcp, skills, blueprints, rules },
    agents: agents as Record<AgentRole, Agent>,
    hash: sha256(
      JSON.stringify([card.name, card.domain, card.description, rules, agents, tools, mcp, skills]),
    ),
  };
  return { company, card };
}

/** A link as a company's folder would let its files be anywhere. */
function ownFolder(root: string, folder: string): true {
  if (lstatSync(`${root}/${folder}`).isDirectory()) return true;
  const message = 'This company is a link, not a folder.';
  throw new CatalogueError({ file: folder, line: 1, message, remedy: 'Put the folder itself here.' });
}

/** company.json alone: who it is, and which words speak for it. */
function readCard(root: string, folder: string): CompanyCard {
  const file = `${folder}/company.json`;
  const card = parseSource(readSource(root, file), file, companyCardSchema);
  if (card.name === folder) return card;
  const message = `name: is ${card.name}, but the folder is ${folder}.`;
  const remedy = `Write "name": "${folder}", or rename the folder.`;
  throw new CatalogueError({ file, line: lineOf(root, file, ['name']), message, remedy });
}

function readAgents(root: string, folder: string, collect: Collector): Partial<Record<AgentRole, Agent>> {
  for (const entry of listed(root, `${folder}/agents`, collect)) {
    if (agentRoles.some((role) => entry === `${role}.yaml`)) continue;
    const message = `${entry} is no agent of a company.`;
    const remedy = `Use ${agentRoles.map((r) => `${r}.yaml`).join(', ')}, or take it out of this folder.`;
    collect.problems.push({ file: `${folder}/agents/${entry}`, line: 1, message, remedy });
  }
  const agents: Partial<Record<AgentRole, Agent>> = {};
  for (const role of agentRoles) {
    const file = `${folder}/agents/${role}.yaml`;
    const agent = collect.read(() => {
      const read = parseSource(readSource(root, file), file, agentSchema);
      if (read.role === role) return read;
      const message = `role: is ${read.role}, but the file is ${role}.yaml.`;
      const line = lineOf(root, file, ['role']);
      throw new CatalogueError({ file, line, message, remedy: `Write role: ${role}, or rename the file.` });
    });
    if (agent) agents[role] = agent;
  }
  return agents;
}

function rulesOf(identity: string, agents: Record<AgentRole, Agent>, skills: Skill[]): string {
  const roles = agentRoles.map(
    (role) => `### When you are the ${role}\n\n${agents[role].instructions.trim()}`,
  );
  const taught = skills.length ? ['## Skills', ...skills.map((s) => s.text)] : [];
  return [identity.trim(), '## Roles', ...roles, ...taught].join('\n\n');
}
