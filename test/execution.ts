import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { AttemptOutcome } from '#server/domain/attempt.ts';
import { type Blueprint, blueprintSchema } from '#server/domain/blueprint.ts';
import type { Finding } from '#server/domain/report.ts';
import { defaultRules } from '#server/domain/role-rules.ts';
import type { Stage } from '#server/domain/status.ts';
import type { AttemptWork, EarlierWork } from '#server/domain/work.ts';
import type { RunnerConfig } from '#server/execution/ports.ts';
import { detectSandbox } from '#server/execution/sandbox/registry.ts';
import type { Sandbox } from '#server/execution/sandbox/sandbox.ts';
import type { Provider } from '#server/models/provider.ts';
import { git } from '#server/platform/git.ts';
import { createRunner } from '#workers/runner.ts';
import { type MemoryPorts, memoryPorts } from './ports.ts';
import { startRehearsal } from './rehearsal.ts';
import { bareRepository } from './repository.ts';

const blueprints = new Map<string, Blueprint>();
const companies: Record<Stage, string> = {
  BUILD: 'CodeCraft',
  REVIEW: 'Proveo',
  SECURITY: 'Securion',
  OPS: 'FlowForge',
  DOCS: 'Lexicon',
};
const byStage: Record<string, string> = {
  BUILD: 'minion-one-shot',
  REVIEW: 'review',
  SECURITY: 'security-review',
  OPS: 'deploy',
  DOCS: 'docs',
};

async function blueprintOf(stage: Stage): Promise<Blueprint> {
  const name = byStage[stage] ?? '';
  const known = blueprints.get(name);
  if (known) return known;
  const file = join(import.meta.dirname, `../companies/_shared/blueprints/${name}.yaml`);
  const made = blueprintSchema.parse(parse(await readFile(file, 'utf8')));
  blueprints.set(name, made);
  return made;
}

export interface Factory {
  home: string;
  bare: string;
  provider: Provider;
  sandbox: Sandbox;
  /** Work of one task at its first attempt, with overrides. */
  work(stage: Stage, task: Partial<AttemptWork['task']>, over?: Partial<AttemptWork>): Promise<AttemptWork>;
  run(
    w: AttemptWork,
    ports?: MemoryPorts,
    signal?: AbortSignal,
    provider?: Provider,
    agents?: RunnerConfig['agents'],
  ): Promise<AttemptOutcome & { ports: MemoryPorts }>;
  /** BUILD, REVIEW, SECURITY … as the engine would order them, until merged or given up. */
  chain(task: {
    id: number;
    title: string;
    description?: string;
    tags?: string[];
    stages?: Stage[];
  }): Promise<ChainRun>;
  file(path: string): Promise<string>;
  stop(): Promise<void>;
}

export interface ChainRun {
  history: { stage: Stage; cycle: number; outcome: AttemptOutcome; ports: MemoryPorts }[];
  merged: boolean;
  findings: Finding[];
}

/** A miniature factory: one project, one host, a rehearsal, and the engine's order of stages in memory. */
export async function createFactory(
  files: Record<string, string>,
  o: { sandbox?: Sandbox } = {},
): Promise<Factory> {
  const home = await mkdtemp(join(tmpdir(), 'alai-exec-'));
  const bare = await bareRepository(home, files);
  const rehearsal = await startRehearsal();
  const sandbox = o.sandbox ?? (await detectSandbox());
  let attempts = 0;
  let ids = 9_000;
  const f: Factory = {
    home,
    bare,
    provider: rehearsal.provider,
    sandbox,
    async work(stage, task, over = {}) {
      const blueprint = over.blueprint ?? (await blueprintOf(stage));
      const integrates = over.integrates ?? ['SECURITY', 'OPS', 'DOCS'].includes(stage);
      const keys = [...blueprint.steps.map((s) => s.key), ...(integrates ? ['integrate'] : [])];
      return {
        attemptId: ++attempts,
        fence: attempts,
        n: 1,
        host: 'forge',
        slot: 1,
        model: { provider: 'ollama', name: 'qwen3:8b', tier: 1, host: 'forge' },
        task: {
          id: ++ids,
          title: 'A task',
          description: '',
          stage,
          cycle: 0,
          generation: 1,
          priority: 'M',
          tags: [],
          company: companies[stage],
          tier: 1,
          pipelineId: 1,
          chainId: 1,
          rootTaskId: null,
          rootTitle: null,
          ...task,
        },
        project: {
          id: 'p1',
          name: 'bento',
          repositoryUrl: bare,
          defaultBranch: 'main',
          merge: 'merge-commit',
          isSample: false,
          unsandboxedAllowed: true,
        },
        baseCommit: null,
        blueprint,
        steps: keys.map((key, ord) => ({
          id: attempts * 100 + ord,
          key,
          iteration: 0,
          ord,
          done: false,
          commit: null,
          output: null,
        })),
        integrates,
        reverts: null,
        reviewedCommit: null,
        company: { identity: 'Write small, tested, readable code.', roles: {}, skills: [] },
        mcp: [],
        companyPolicy: defaultRules(),
        agents: {},
        models: [],
        evidence: [],
        earlier: [],
        findings: [],
        rails: { modes: {}, paths: [] },
        resume: null,
        feedback: '',
        ...over,
      };
    },
    async run(
      w,
      ports = memoryPorts(),
      signal = new AbortController().signal,
      provider = rehearsal.provider,
      agents,
    ) {
      const runner = createRunner({
        hostDir: join(home, 'hosts', w.host),
        provider: () => provider,
        sandbox,
        ...(agents ? { agents } : {}),
      });
      return { ...(await runner(w, ports, signal)), ports };
    },
    async chain(task) {
      const history: ChainRun['history'] = [];
      const earlier: EarlierWork[] = [];
      let head: string | null = null;
      let findings: Finding[] = [];
      const step = async (stage: Stage, cycle: number) => {
        const id = stage === 'BUILD' && cycle === 0 ? task.id : ++ids;
        const reviewing = stage === 'REVIEW' || stage === 'SECURITY';
        const after = stage === 'OPS' || stage === 'DOCS';
        const w = await f.work(
          stage,
          {
            id,
            title: task.title,
            description: task.description ?? '',
            tags: task.tags ?? [],
            cycle,
            rootTaskId: task.id,
          },
          {
            baseCommit: after ? null : head,
            reviewedCommit: reviewing ? head : null,
            earlier: [...earlier],
            findings: stage === 'BUILD' ? findings : [],
          },
        );
        const { ports, ...outcome } = await f.run(w);
        history.push({ stage, cycle, outcome, ports });
        if (outcome.kind === 'done') {
          if (!after && outcome.commit) head = outcome.commit;
          findings = outcome.findings;
          earlier.unshift({
            taskId: id,
            title: task.title,
            hops: 0,
            stage,
            cycle,
            company: w.task.company,
            verdict: outcome.verdict,
            report: outcome.report,
          });
        }
        return outcome;
      };
      for (let cycle = 0; cycle < 4; cycle++) {
        const built = await step('BUILD', cycle);
        if (built.kind !== 'done') break;
        const review = await step('REVIEW', cycle);
        if (review.kind !== 'done') break;
        if (review.verdict === 'reject') continue;
        const audit = await step('SECURITY', cycle);
        if (audit.kind !== 'done') break;
        if (audit.verdict === 'reject' || audit.integration?.result === 'conflict') continue;
        const merged = audit.integration?.result === 'merged' || audit.integration?.result === 'unchanged';
        const open = audit.findings;
        if (merged) for (const s of task.stages ?? []) await step(s, 0);
        return { history, merged, findings: open };
      }
      return { history, merged: false, findings };
    },
    file: async (path) => (await git(['show', `main:${path}`], { gitDir: bare })).stdout,
    async stop() {
      await rehearsal.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
  return f;
}

/** A fresh checkout of its main branch, to run what was merged. */
export async function checkoutMain(f: Factory): Promise<string> {
  const dir = join(f.home, `checkout-${Math.random().toString(36).slice(2)}`);
  await git(['clone', '-q', '--branch', 'main', f.bare, dir]);
  return dir;
}
