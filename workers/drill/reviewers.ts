import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readCatalogue } from '#server/catalogue/data.ts';
import type { Blueprint } from '#server/domain/blueprint.ts';
import type { Sandbox } from '#server/execution/sandbox/sandbox.ts';
import { createOllama } from '#server/models/ollama.ts';
import type { Provider } from '#server/models/provider.ts';
import { env, ollamaUrl } from '#server/platform/env.ts';
import { createRunner } from '../runner.ts';
import { type Defect, type Drill, plant } from './defects.ts';
import { makeRepository } from './repository.ts';
import { drillPorts, drillWork } from './work.ts';

export interface Reviewer {
  stage: 'REVIEW' | 'SECURITY';
  company: string;
  rules: string;
  blueprint: Blueprint;
  provider: Provider;
  model: string;
}

export interface ReviewResult {
  /** `scripted`: the answers come from scenario files and say nothing of a model. */
  verdict: 'pass' | 'reject' | 'scripted' | 'failed';
  findings: string[];
}

/** Lets one reviewing company judge the planted change, by its own blueprint on a real model. */
export async function runReviewer(
  drill: Drill,
  defect: Defect | null,
  reviewer: Reviewer,
  sandbox: Sandbox,
): Promise<ReviewResult> {
  const home = await mkdtemp(path.join(tmpdir(), 'alai-drill-'));
  try {
    const after = { ...plant(drill, defect), ...defect?.run };
    const { bare, commits } = await makeRepository(home, [drill.base, after]);
    const work = drillWork(drill, { ...reviewer, bare, head: commits.at(-1) ?? null, builtBy: 'CodeCraft' });
    let scripted = false;
    const stop = new AbortController();
    const run = createRunner({
      hostDir: path.join(home, 'host'),
      provider: () => reviewer.provider,
      sandbox,
    });
    const outcome = await run(
      work,
      drillPorts({
        async call(c) {
          if (!c.scripted) return;
          scripted = true;
          stop.abort();
        },
      }),
      stop.signal,
    );
    if (scripted) return { verdict: 'scripted', findings: [] };
    if (outcome.kind !== 'done')
      return { verdict: 'failed', findings: 'message' in outcome ? [outcome.message] : [] };
    const findings = outcome.findings.map((f) => `${f.severity}: ${f.title}${f.file ? ` (${f.file})` : ''}`);
    return { verdict: outcome.verdict === 'reject' ? 'reject' : 'pass', findings };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** The two reviewing companies on a real model, or why they cannot be measured. */
export async function findReviewers(wanted?: string): Promise<{ reviewers: Reviewer[]; note: string }> {
  const provider = createOllama(ollamaUrl(env().OLLAMA_HOST));
  const probe = await provider.probe();
  if (!probe.reachable)
    return { reviewers: [], note: `Reviewers are not measured: no model answers at ${provider.url}.` };
  if (probe.scripted)
    return {
      reviewers: [],
      note: 'Reviewers are not measured: the rehearsal is scripted and no model is called.',
    };
  const model = wanted ?? probe.models.find((m) => m.tools && !m.embedding)?.name;
  if (!model)
    return { reviewers: [], note: `Reviewers are not measured: no model at ${provider.url} can use tools.` };
  const catalogue = readCatalogue();
  const reviewers = (['REVIEW', 'SECURITY'] as const).flatMap((stage) => {
    const rule = catalogue.routing.stages[stage];
    const name = rule?.companies[0];
    if (!rule || !name) return [];
    const { blueprint } = catalogue.blueprint(rule.blueprint, name);
    return [{ stage, company: name, rules: catalogue.company(name).rules, blueprint, provider, model }];
  });
  return { reviewers, note: `Reviewers: ${model} at ${provider.url}.` };
}
