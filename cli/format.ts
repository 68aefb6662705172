import { isAcceptBranch } from '#server/domain/merge.ts';
import type { PipelineView } from '#server/domain/views/pipeline.ts';
import type { RoutePreview } from '#server/domain/views/routing.ts';
import type { SessionLog } from '#server/domain/views/session-log.ts';
import type { StatusView } from '#server/domain/views/status.ts';
import type { TaskListItem, TaskView } from '#server/domain/views/task.ts';

const shapes: Record<StatusView['look'], string> = {
  queued: '○',
  running: '◐',
  yours: '◆',
  done: '✓',
  failed: '✕',
  cancelled: '⊘',
  stale: '◍',
  none: '·',
};

/** "◐ Building · 4m", as on every page. */
function statusText(s: StatusView, now = new Date()): string {
  const age = s.since ? ` · ${ageText(now.getTime() - s.since.getTime())}` : '';
  return `${shapes[s.look]} ${s.word}${age}`;
}

export function ageText(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return `${s}s`;
  if (s < 3_600) return `${Math.floor(s / 60)}m`;
  if (s < 86_400) return `${Math.floor(s / 3_600)}h`;
  return `${Math.floor(s / 86_400)}d`;
}

export function taskLine(
  t: Pick<TaskListItem, 'id' | 'title' | 'status' | 'stage' | 'company' | 'tier' | 'priority'>,
): string {
  const who = [t.stage, t.company, t.tier ? `T${t.tier}` : null].filter(Boolean).join(' · ');
  return `#${t.id}  [${t.priority}]  ${statusText(t.status).padEnd(24)}  ${t.title}${who ? `   ${who}` : ''}`;
}

export function taskText(t: TaskView): string {
  const lines = [taskLine(t), ''];
  const put = (label: string, value: string | null | undefined) => {
    if (value) lines.push(`${label.padEnd(11)}${value}`);
  };
  put('Project', t.projectName);
  put('Pipeline', t.pipelineId ? `#${t.pipelineId}` : null);
  put('Stage', t.stage ? `${t.stage}, cycle ${t.cycle}` : null);
  put('Host', t.host);
  put('Blueprint', t.blueprint);
  put('Waits', t.waits);
  put('Next try', t.nextTryAt ? `at ${t.nextTryAt.toLocaleTimeString('en-GB')}` : null);
  put('Asks you', t.escalationId === null ? null : `npx alai queue show ${t.escalationId}`);
  put('Verdict', t.verdict);
  if (t.merge) {
    const waits = isAcceptBranch(t.merge.branch);
    put(
      waits ? 'Accepted' : 'Merged',
      `${t.merge.sha.slice(0, 7)} on ${t.merge.branch}${waits ? ': not merged yet, open a pull request or merge this branch' : ''}`,
    );
    if (t.merge.revert?.state === 'done')
      put('Reverted', `by ${t.merge.revert.by} in #${t.merge.revert.taskId}`);
  }
  put(
    'Tokens',
    `${t.tokensIn} in, ${t.tokensOut} out${t.scripted ? ' (scripted, no model was called)' : ''}`,
  );
  put('Report', t.report?.taskSummary);
  if (t.route?.held)
    lines.push('', `Held: ${t.route.held.reason}`, '  Decide it on the page /queue, or with npx alai queue.');
  if (t.route) lines.push('', 'Why', ...t.route.reasons.map((r) => `  ${r}`));
  if (t.steps.length > 0)
    lines.push(
      '',
      'Steps',
      ...t.steps.map(
        (s) =>
          `  ${s.state === 'DONE' ? '✓' : s.state === 'RUNNING' ? '◐' : '○'} ${s.key}${s.commit ? `  ${s.commit.slice(0, 7)}` : ''}`,
      ),
    );
  if (t.findings.length > 0)
    lines.push(
      '',
      'Findings',
      ...t.findings.map(
        (f) => `  ${f.severity}: ${f.title}${f.file ? ` (${f.file}${f.line ? `:${f.line}` : ''})` : ''}`,
      ),
    );
  if (t.commands.length > 0) lines.push('', `You can: ${t.commands.join(', ')}`);
  return lines.join('\n');
}

/** A session log as one reads it: each report by its schema. */
export function sessionLogText(log: SessionLog): string {
  if (log.length === 0) return 'No agent of this pipeline has reported yet.';
  return log
    .map(({ report: r, ...e }) =>
      [
        `#${e.taskId} ${[e.stage, e.company, e.verdict, r.agentType].filter(Boolean).join(' ')}  ${e.title}`,
        `    ${r.taskSummary}`,
        ...(r.filesWritten.length > 0 ? [`    files: ${r.filesWritten.join(', ')}`] : []),
        ...r.keyDecisions.map((d) => `    decided: ${d}`),
        ...r.blockers.map((b) => `    blocked: ${b}`),
        ...(r.verification ? [`    verified: ${r.verification}`] : []),
      ].join('\n'),
    )
    .join('\n\n');
}

export function pipelineText(p: PipelineView): string {
  const lines = [
    `Pipeline #${p.id}  ${p.title}  ${p.state}${p.scripted ? '   scripted, no model was called' : ''}`,
    '',
  ];
  for (const c of p.chains) {
    lines.push(`#${c.rootTaskId} ${c.title}   ${c.state}`);
    for (const n of p.nodes.filter((x) => x.chainId === c.id && x.taskId !== null))
      lines.push(
        `    ${(n.stage ?? '').padEnd(9)} ${statusText(n.status).padEnd(24)} #${n.taskId} ${n.company ?? ''}`,
      );
  }
  return lines.join('\n');
}

export function routeText({ title, route }: RoutePreview): string {
  return [
    title,
    `  ${route.company} · T${route.tier} · ${route.choices[0]?.host ?? 'no host'} · ${route.blueprint}`,
    `  complexity ${route.complexity}, domain ${route.domain}, type ${route.type}`,
    ...(route.held ? [`  ◆ held: ${route.held.reason} (${route.held.pattern})`] : []),
    ...route.reasons.map((r) => `  ${r}`),
  ].join('\n');
}

/** Rows under their headings, each column as wide as its widest cell; nothing for no rows. */
export function table(head: string[], rows: string[][]): string {
  if (rows.length === 0) return '';
  const widths = head.map((h, i) => Math.max(h.length, ...rows.map((r) => r[i]?.length ?? 0)));
  return [head, ...rows]
    .map((r) =>
      r
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
