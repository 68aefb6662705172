import type { Command } from 'commander';
import { AlaiError } from '#server/domain/errors.ts';
import type {
  BlueprintView,
  CompaniesView,
  CompanyRow,
  CompanyView,
  ProblemView,
} from '#server/domain/views/company.ts';
import type { McpSeenView } from '#server/domain/views/mcp.ts';
import { api } from './client.ts';
import { taskLine } from './format.ts';
import { print } from './output.ts';

/** `alai company` and `alai blueprint`: the companies as they stand, and where every piece came from. */
export function registerCompanyCommands(program: Command): void {
  const company = program.command('company').description('companies: list, info, mcp');
  company
    .command('list')
    .description('all companies, and what each does now')
    .action(async () => {
      const view = await api().companies.list.query();
      print(view, () => rosterText(view));
    });
  company
    .command('info')
    .description('one company')
    .argument('<name>')
    .option('--resolved', 'agents, skills, blueprints and servers in full, each with the file it came from')
    .action(async (name: string, o: { resolved?: boolean }) => {
      const view = await api().companies.get.query({ name });
      print(view, () => companyText(view, o.resolved ?? false));
    });

  company
    .command('mcp')
    .description('the MCP servers its agents met; `accept SERVER` takes what a changed one offers now')
    .argument('<name>')
    .argument('[verb]', 'accept')
    .argument('[server]')
    .action(async (name: string, verb?: string, server?: string) => {
      if (verb !== undefined && (verb !== 'accept' || !server))
        throw new AlaiError('BAD_INPUT', `"${verb}" is not what can be done here.`, 'Say: accept SERVER');
      const servers = server
        ? await api().companies.acceptServer.mutate({ name, server })
        : await api().companies.servers.query({ name });
      print(servers, () => serversText(name, servers));
    });

  const blueprint = program.command('blueprint').description('blueprints and workflows: list, show');
  const ofCompany = ['--company <name>', 'as this company resolves it'] as const;
  blueprint
    .command('list')
    .option(...ofCompany)
    .action(async (o: { company?: string }) => {
      const rows = await api().companies.blueprints.query({ company: o.company ?? null });
      print(rows, () =>
        rows
          .map(
            (r) =>
              `${r.name.padEnd(30)}${(r.company ?? (r.kind === 'workflow' ? 'workflow' : 'shared')).padEnd(14)}${r.description}`,
          )
          .join('\n'),
      );
    });
  blueprint
    .command('show')
    .argument('<name>')
    .option(...ofCompany)
    .action(async (name: string, o: { company?: string }) => {
      const view = await api().companies.blueprint.query({ name, company: o.company ?? null });
      print(view, () => blueprintText(view).join('\n'));
    });
}

function serversText(company: string, servers: McpSeenView): string {
  if (servers.length === 0) return `No agent of ${company} has met an MCP server yet.`;
  return servers
    .map((s) =>
      [
        `${s.name.padEnd(20)}${s.problem ? 'disabled' : 'in use'}   ${s.digest.slice(0, 12)} accepted by ${s.acceptedBy}`,
        `    ${s.tools.join(', ')}`,
        ...(s.problem ? [`  ! ${s.problem}`] : []),
      ].join('\n'),
    )
    .join('\n');
}

const problemLines = (problems: ProblemView[]) =>
  problems.flatMap((p) => [`! ${p.file}:${p.line} ${p.message}`, `    ${p.remedy}`]);

const stateOf = (c: CompanyRow) => (c.mergedInto ? `merged into ${c.mergedInto}` : c.status);
const rate = (c: CompanyRow) =>
  c.load.successRate === null
    ? ''
    : `${Math.round(c.load.successRate * 100)} % of ${c.load.attempts} attempts succeeded`;

function rosterText({ companies, problems }: CompaniesView): string {
  const lines = companies.map((c) => {
    const { running, queued, done } = c.load;
    const now = `${running} running, ${queued} queued, ${done} done`;
    return `${c.name.padEnd(14)}${stateOf(c).padEnd(24)}${c.pipelineRole.padEnd(10)}${now.padEnd(34)}${rate(c)}`.trimEnd();
  });
  return [...lines, ...(problems.length ? ['', ...problemLines(problems)] : [])].join('\n');
}

function companyText(c: CompanyView, resolved: boolean): string {
  const { detail } = c;
  const lines = [[c.type ? `${c.name}, ${c.type}.` : c.name, c.description].filter(Boolean).join(' '), ''];
  const put = (label: string, value: string) => value && lines.push(`${label.padEnd(13)}${value}`);
  put('Status', `${stateOf(c)}${c.kept ? ' (its last good version, until the files are mended)' : ''}`);
  put('Domain', c.domain);
  put('Role', [c.pipelineRole, c.stages.join(', ')].filter(Boolean).join(', stages '));
  put(
    'Now',
    `${c.load.running} running, ${c.load.queued} queued, ${c.load.needsYou} need you, ${c.load.done} done`,
  );
  put('Attempts', rate(c));
  put('Files', c.folder);
  if (c.problemList.length) lines.push('', ...problemLines(c.problemList));
  if (!detail) return lines.join('\n');
  put('Version', detail.hash.slice(0, 12));
  put('Skills', detail.skills.map((s) => s.name).join(', '));
  put('Blueprints', detail.blueprints.map((b) => b.name).join(', '));
  put('MCP servers', detail.mcp.map((s) => s.name).join(', ') || 'none');
  if (c.tasks.length) lines.push('', ...c.tasks.slice(0, 5).map(taskLine));
  if (resolved) lines.push(...resolvedLines(detail));
  else lines.push('', `More: npx alai company info ${c.name} --resolved`);
  return lines.join('\n');
}

function resolvedLines(detail: NonNullable<CompanyView['detail']>): string[] {
  const agents = detail.agents.flatMap((a) => [
    `  ${a.role.padEnd(10)}${a.writes ? 'writes' : 'read only'}, ${a.model === 'tier' ? a.modelMeans : `${a.model} (${a.modelMeans})`}   ${a.file}`,
    `            allowed ${a.allowedPaths.join(', ') || 'nothing'}; forbidden ${a.forbiddenPaths.join(', ') || 'nothing'}`,
    `            tools ${a.tools?.join(', ') ?? 'all the step offers'}${a.toolsDenied.length ? `; never ${a.toolsDenied.join(', ')}` : ''}`,
  ]);
  const skills = detail.skills.map((s) => {
    const when = [...s.stages, ...s.keywords.map((k) => `"${k}"`)].join(', ');
    return `  ${s.name.padEnd(26)}${s.origin.padEnd(10)}${when ? `when ${when}` : 'always'}   ${s.file}`;
  });
  const servers = detail.mcp.map(
    (s) => `  ${s.name.padEnd(18)}${s.origin.padEnd(10)}${s.target}   ${s.file}`,
  );
  const keywords = detail.keywords.map(
    (k) => `  ${k.language}  ${k.words.map((w) => `${w.word} ${w.weight}`).join(', ') || 'none'}`,
  );
  const removed = detail.mcpRemoved.map((name) => `  ${name.padEnd(18)}removed`);
  const overrides = detail.overrides.map(
    (o) =>
      `  ${o.kind.padEnd(18)}${o.model}${o.tier ? `, tier ${o.tier}` : ', on no tier: the task’s own tier is used'}`,
  );
  const part = (title: string, lines: string[]) => ['', title, ...(lines.length ? lines : ['  none'])];
  return [
    ...part('Agents', agents),
    ...part('Models by kind of work', overrides),
    ...part('Skills', skills),
    ...part('MCP servers', [...servers, ...removed]),
    ...part('Words that route to it', keywords),
    ...detail.blueprints.flatMap((b) => ['', ...blueprintText(b)]),
    ...part(
      'Shared blueprints it can use',
      detail.sharedBlueprints.map((b) => `  ${b.name.padEnd(26)}${b.file}`),
    ),
  ];
}

function blueprintText(b: BlueprintView): string[] {
  return [
    `${b.kind === 'workflow' ? 'Workflow' : 'Blueprint'} ${b.name}  ${b.description}`,
    `  from ${b.files.join(' <- ')}   version ${b.hash.slice(0, 12)}`,
    ...b.variables.map(
      (v) => `  \${${v.name}} = ${v.value}${v.meaning ? `  (${v.meaning})` : ''}   ${v.file}`,
    ),
    ...b.steps.flatMap((s) => [
      `  ${s.key.padEnd(12)}${s.agent ?? s.role}   ${s.tools.join(' ')}   ${s.file}`,
      `            ${s.limits}${s.network ? ', network' : ''}`,
      ...s.gates.map((g) => `            gate ${g}`),
    ]),
  ];
}
