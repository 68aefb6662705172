import { z } from 'zod';
import { type AgentRole, agentRoles, type BlueprintStep } from './blueprint.ts';

/**
 * What a role of a company may do, as data. It comes from the company's files, is pinned with the company's version, and
 * travels with the attempt, so that running work keeps the rules it started with.
 */
const roleRulesSchema = z.object({
  /** The file the rules stand in, for refusals: `agents/lead.yaml`. */
  source: z.string().max(200),
  allowedPaths: z.array(z.string().max(300)),
  forbiddenPaths: z.array(z.string().max(300)),
  writeLocked: z.boolean(),
  readOnly: z.boolean(),
  /** The only tools this role may use; null for all that its blueprint step offers. */
  tools: z.array(z.string()).nullable(),
});
export type RoleRules = z.infer<typeof roleRulesSchema>;

export const companyRulesSchema = z.object({
  roles: z.record(z.enum(agentRoles), roleRulesSchema),
  /** config/tools.json: narrows what any blueprint step may use; no allow list narrows nothing. */
  tools: z.record(
    z.enum(agentRoles),
    z.object({ allow: z.array(z.string()).nullable(), deny: z.array(z.string()) }),
  ),
});
export type CompanyRules = z.infer<typeof companyRulesSchema>;

const structural = (role: AgentRole): RoleRules => ({
  source: `agents/${role}.yaml`,
  allowedPaths: [],
  forbiddenPaths: ['.git/**'],
  writeLocked: role !== 'builder',
  readOnly: role === 'reviewer',
  tools: null,
});

/** What holds where a company says nothing: leads and reviewers write nothing, builders the whole project. */
export function defaultRules(): CompanyRules {
  const each = <T>(of: (role: AgentRole) => T) => ({
    lead: of('lead'),
    builder: of('builder'),
    reviewer: of('reviewer'),
  });
  return { roles: each(structural), tools: each(() => ({ allow: null, deny: [] })) };
}

/** A step can always be ended and reported on: without these it could only run into its limits. */
const ALWAYS: readonly string[] = ['finish', 'report', 'plan', 'ask_human'];
const WRITING: readonly string[] = ['write', 'edit'];

/** Everything that decides what one step of one role may do. */
export interface StepRules {
  company: string;
  role: AgentRole;
  rules: RoleRules;
  tools: { allow: string[] | null; deny: string[] };
  /** Of the blueprint's step. */
  paths: BlueprintStep['paths'];
}

export interface Refusal {
  reason: string;
  hint: string;
}

export function stepRules(company: string, all: CompanyRules, step: BlueprintStep): StepRules {
  return {
    company,
    role: step.role,
    rules: all.roles[step.role],
    tools: all.tools[step.role],
    paths: step.paths,
  };
}

/** Why this role writes nothing at all, or null. Leads and reviewers never do, whatever a file says. */
export function readOnlyReason(r: StepRules): Refusal | null {
  const who = `${r.role} of ${r.company}`;
  if (r.role === 'lead') {
    const hint = 'Put it into the plan for the builder.';
    return { reason: `${who} may not write: ${r.rules.source} write_locked`, hint };
  }
  if (r.role === 'reviewer') {
    const hint = 'Record what is wrong with the finding tool; the builder mends it.';
    return { reason: `${who} may not write: reviewers are read-only (${r.rules.source})`, hint };
  }
  const rule = r.rules.writeLocked ? 'write_locked' : r.rules.readOnly ? 'read_only' : null;
  if (!rule) return null;
  const hint = 'Say in the report what has to be written, and by whom.';
  return { reason: `${who} may not write: ${r.rules.source} ${rule}`, hint };
}

/** Files that would let an agent decide what its own tests say. No blueprint and no company can allow them. */
const HARNESS_FILES = ['**/.npmrc', '**/npm-shrinkwrap.json'];

/** Why this file may not be written in this step, or null. Also asked about each file of the finished diff. */
export function writeReason(r: StepRules, path: string): Refusal | null {
  const locked = readOnlyReason(r);
  if (locked) return { ...locked, reason: locked.reason.replace('may not write', `may not write ${path}`) };
  const who = `${r.role} of ${r.company}`;
  const own = HARNESS_FILES.find((g) => matchesGlob(path, g, 'fold'));
  if (own) {
    const hint = 'Say in the report what it should hold; the CEO puts it there himself.';
    return { reason: `${who} may not write ${path}: it decides how the harness runs npm`, hint };
  }
  const from = `${r.rules.source} forbidden_paths`;
  const forbidden = r.rules.forbiddenPaths.find((g) => matchesGlob(path, g, 'fold'));
  if (forbidden) {
    const hint = 'Leave it as it is, and say in the report what would have to change there.';
    return { reason: `${who} may not write ${path}: ${from} ${forbidden}`, hint };
  }
  if (r.rules.allowedPaths.length > 0 && !r.rules.allowedPaths.some((g) => matchesGlob(path, g))) {
    const allowed = r.rules.allowedPaths.join(', ');
    const hint = `It may write: ${allowed}`;
    return { reason: `${who} may not write ${path}: it is not among ${r.rules.source} allowed_paths`, hint };
  }
  const denied = r.paths.deny.find((g) => matchesGlob(path, g, 'fold'));
  if (denied) {
    const hint = 'Leave it as it is, and say in the report what would have to change there.';
    return { reason: `"${path}" is denied in this step (blueprint paths.deny ${denied})`, hint };
  }
  if (r.paths.allow.length > 0 && !r.paths.allow.some((g) => matchesGlob(path, g))) {
    const hint = `This step may write: ${r.paths.allow.join(', ')}`;
    return { reason: `"${path}" is outside what this step may write (blueprint paths.allow)`, hint };
  }
  return null;
}

/** Why a tool that the blueprint offers is withheld from this role, or null. */
function toolReason(r: StepRules, tool: string): Refusal | null {
  if (ALWAYS.includes(tool)) return null;
  const locked = readOnlyReason(r);
  if (locked && WRITING.includes(tool)) return locked;
  const who = `${r.role} of ${r.company}`;
  const hint = 'Use another tool, or say in the report what could not be done without it.';
  if (r.rules.tools && !r.rules.tools.includes(tool))
    return { reason: `${who} may not use ${tool}: it is not among ${r.rules.source} tools`, hint };
  if (r.tools.deny.includes(tool))
    return { reason: `${who} may not use ${tool}: config/tools.json deny`, hint };
  if (r.tools.allow && !r.tools.allow.includes(tool))
    return { reason: `${who} may not use ${tool}: it is not among config/tools.json allow`, hint };
  return null;
}

/** What of a step's tools its role may use, and why not the others. */
export function toolsFor(
  r: StepRules,
  step: BlueprintStep,
): { tools: BlueprintStep['tools']; withheld: Record<string, Refusal> } {
  const withheld: Record<string, Refusal> = {};
  const tools = step.tools.filter((tool) => {
    const why = toolReason(r, tool);
    if (why) withheld[tool] = why;
    return !why;
  });
  return { tools, withheld };
}

const FOLD = (s: string) => s.normalize('NFKC').toLowerCase();

type GlobPart = { kind: 'folders' | 'any' | 'name' | 'one' } | { kind: 'char'; char: string };

function globParts(glob: string): GlobPart[] {
  const parts: GlobPart[] = [];
  const chars = Array.from(glob);
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i] ?? '';
    const twice = char === '*' && chars[i + 1] === '*';
    if (twice && chars[i + 2] === '/') parts.push({ kind: 'folders' });
    else if (twice) parts.push({ kind: 'any' });
    else if (char === '*') parts.push({ kind: 'name' });
    else if (char === '?') parts.push({ kind: 'one' });
    else parts.push({ kind: 'char', char });
    if (twice) i += chars[i + 2] === '/' ? 2 : 1;
  }
  return parts;
}

/** Where one part of a glob can end, when it can begin at the places `at`. */
function globStep(part: GlobPart, text: readonly string[], at: Uint8Array): Uint8Array {
  const next = new Uint8Array(at.length);
  // Whether what this part began earlier may still go on here.
  let open = false;
  for (let i = 0; i < at.length; i++) {
    const here = at[i] === 1;
    const slash = text[i] === '/';
    const inside = i < text.length;
    if (part.kind === 'char') {
      if (here && inside && text[i] === part.char) next[i + 1] = 1;
    } else if (part.kind === 'one') {
      if (here && inside && !slash) next[i + 1] = 1;
    } else if (part.kind === 'folders') {
      if (here) next[i] = 1;
      if (slash && open) next[i + 1] = 1;
      open = !slash && (open || next[i] === 1);
    } else {
      open = open || here;
      if (open) next[i] = 1;
      if (slash && part.kind === 'name') open = false;
    }
  }
  return next;
}

/**
 * `*` within a folder, `**` across folders, `?` one character; nothing else is special. What forbids is matched without
 * regard to case (`fold`): on many disks `.ENV` is `.env`. Places are walked, not guessed: people write globs and agents write
 * paths, and no pair of them may take longer than their lengths multiplied.
 */
export function matchesGlob(path: string, glob: string, how: 'exact' | 'fold' = 'exact'): boolean {
  const text = Array.from(how === 'fold' ? FOLD(path) : path);
  let at = new Uint8Array(text.length + 1);
  at[0] = 1;
  for (const part of globParts(how === 'fold' ? FOLD(glob) : glob)) {
    at = globStep(part, text, at) as typeof at;
    if (!at.includes(1)) return false;
  }
  return at[text.length] === 1;
}
