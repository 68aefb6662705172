import type { BlueprintStep } from '#server/domain/blueprint.ts';
import type { Resume } from '#server/domain/memory.ts';
import { choicePipelines, type PipelineName, pipelines } from '#server/domain/pipelines.ts';
import type { Report } from '#server/domain/report.ts';
import { readOnlyReason, stepRules, toolsFor } from '#server/domain/role-rules.ts';
import type { StepOutput } from '#server/domain/work.ts';
import type { Message, Provider } from '#server/models/provider.ts';
import type { StepContext } from './context.ts';
import { closes, inspect } from './inspect.ts';
import { openServers } from './mcp/servers.ts';
import { paid } from './paid.ts';
import { buildPrompt } from './prompt/build.ts';
import type { PromptInput } from './prompt/parts.ts';
import { repositoryText } from './prompt/repository.ts';
import { runForAgent } from './run-command.ts';
import { createStepRunner, runners } from './runners/registry.ts';
import type { WorkingKind } from './runners/runner.ts';
import { gateFeedback } from './runners/transcribe.ts';
import { rejectFor, runGates, TRIES } from './step-gates.ts';
import { toolSpecs } from './tools/registry.ts';
import type { ExtraTool, StepState } from './tools/tool.ts';
import { keepFor, pickUp, questionsOf } from './waiting.ts';
import { isWorkflow, judges } from './workflow.ts';

const PATCH_FOR_PROMPT = 60_000;
/** An agent with a process of its own looks after its context itself; the prompt may be as long as this. */
const AGENT_CONTEXT = 128_000;

/** A gate that three tries did not pass. */
export class GateFailure extends Error {
  readonly gate: string;
  constructor(gate: string, message: string) {
    super(message);
    this.name = 'GateFailure';
    this.gate = gate;
  }
}

/** Runs one step: the agent, then the gates with their failures fed back, then a pushed commit. */
export async function runStep(
  c: StepContext,
  asked: BlueprintStep,
  feedback: string,
  stepId: number,
): Promise<{ commit: string | null; output: StepOutput }> {
  const servers = await openServers(c, asked);
  try {
    return await carryOut(c, asked, feedback, servers.tools, stepId);
  } finally {
    await servers.close();
  }
}

async function carryOut(
  c: StepContext,
  asked: BlueprintStep,
  feedback: string,
  extra: ExtraTool[],
  stepId: number,
): Promise<{ commit: string | null; output: StepOutput }> {
  const { work, workspace: ws, transcript, gathered, signal } = c;
  const rules = stepRules(work.task.company, work.companyPolicy, asked);
  const { tools, withheld } = toolsFor(rules, asked);
  // Every agent may ask, also where a blueprint from before this does not say so.
  const askable = tools.includes('finish') && !tools.includes('ask_human');
  const step = { ...asked, tools: askable ? [...tools, 'ask_human' as const] : tools };
  const readOnly = readOnlyReason(rules) !== null;
  const reviewing = judges(work, asked);
  const lastReport = work.blueprint.steps.findLast((s) => s.tools.includes('report'));
  const knownFindings = gathered.findings.length;
  const resume = work.resume?.stepId === stepId ? work.resume : null;
  gathered.findings.push(...(resume?.memory.findings ?? []));
  const state: StepState = {
    report: resume?.memory.report ?? null,
    plan: resume?.memory.plan ?? null,
    findings: gathered.findings,
    finished: null,
  };
  const headBefore = ws.head();
  const treeBefore = await ws.treeOf(headBefore);

  const change = reviewing
    ? (await ws.patch(await ws.mergeBase(ws.trunk, headBefore), headBefore, PATCH_FOR_PROMPT)).text
    : '';
  const specs = [...toolSpecs(step.tools), ...extra.map((t) => t.spec)];
  // Each round of a workflow has a prompt of its own.
  const stepKey = c.iteration > 0 ? `${step.key}, round ${c.iteration + 1}` : step.key;
  const openFor = async (way: WorkingKind, context: number): Promise<Message[]> => {
    // An agent with a process of its own reaches our tools through its sandbox, or not at all.
    const own = extra.map((t) => t.spec.name);
    const tools =
      way === 'process' && !c.config.sandbox.tools
        ? specs.filter((s) => s.name !== 'ask_human' && !own.includes(s.name))
        : specs;
    const told = { work, step, notes: gathered.notes, plan: gathered.plan, change, feedback, tools };
    const repository = way === 'advisory' ? await repositoryText(ws.root, JSON.stringify(aboutOf(told))) : '';
    const { messages, parts } = buildPrompt({ ...told, way, repository }, context, c.mask);
    await c.ports.prompt({ stepKey, model: work.model.name, context, parts });
    return messages;
  };
  if (resume) await pickUp(c, step.key, resume);
  const runner = createStepRunner({
    pipelines: choicePipelines(work.model),
    before: resume?.memory ?? { messages: [], turns: 0, tokens: 0 },
    stepKey: step.key,
    transcript,
    signal,
    async make(pipeline, kind, spent, takesOver) {
      const provider = () => providerFor(c, pipeline);
      const fresh = await openFor(
        kind,
        kind === 'process' ? AGENT_CONTEXT : await provider().contextOf(work.model.name),
      );
      const remembered = !takesOver && resume && remembers(resume, kind) ? resume : null;
      const messages = remembered?.memory.messages ?? fresh;
      if (!remembered && (takesOver || resume))
        fresh.push({ role: 'user', content: 'This step was begun before; its files are as they were left.' });
      return runners[kind]({
        context: c,
        pipeline,
        provider,
        model: work.model.name,
        messages,
        specs,
        step,
        rules,
        spent,
        resume: remembered,
        tools: {
          root: ws.root,
          step,
          rules,
          withheld,
          extra,
          company: work.task.company,
          plan: gathered.plan,
          asked: () => questionsOf(messages),
          rails: work.rails,
          allowed: () => false,
          needsVerdict: reviewing && (lastReport?.key === step.key || isWorkflow(work)),
          state,
          mask: c.mask,
          run: (argv, seconds) => runForAgent(c, rules, step, argv, seconds),
          signal,
        },
        recordCall: async (r) => {
          gathered.calls.push(r);
          c.ports.progress();
          await c.ports.call(r);
        },
      });
    },
  });

  let tree = treeBefore;
  for (let tryNumber = 1; ; tryNumber++) {
    await runner.run().catch(async (e) => {
      await keepFor(c, stepId, e, runner, state, knownFindings);
      throw e;
    });
    signal.throwIfAborted();
    tree = await ws.snapshot();
    if (readOnly && tree !== treeBefore) {
      transcript.add(step.key, 'harness', { text: 'This role may not write; its changes were thrown away.' });
      await ws.restore(treeBefore);
      tree = treeBefore;
    }
    const failures = await runGates(c, step, { tree, treeBefore, tryNumber, output: said(state) });
    await ws.restore(tree);
    if (failures.length === 0 && closes(c, step)) {
      failures.push(...(await inspect(c, step, { tree, tryNumber, state })));
      await ws.restore(tree);
    }
    if (failures.length === 0) break;
    const broken = reviewing ? failures.filter((f) => f.gate === 'command') : [];
    if (broken.length > 0 && state.report !== null) {
      rejectFor(c, step, state, broken);
      break;
    }
    if (tryNumber >= TRIES) {
      const [first] = failures;
      throw new GateFailure(
        first?.gate ?? '',
        `${first?.detail ?? 'a gate failed'}\n${first?.output ?? ''}`.trim(),
      );
    }
    runner.tell(gateFeedback(failures, tryNumber));
  }

  let commit: string | null = null;
  if (tree !== treeBefore) {
    commit = await ws.commit(tree, commitMessage(c, step), work.task.company, c.ports.now());
    signal.throwIfAborted();
    await ws.push();
    transcript.add(step.key, 'harness', { text: `Committed ${commit.slice(0, 10)} and pushed it.`, commit });
  }
  const text = state.finished ?? '';
  gathered.report = state.report ? withEarlier(state.report, gathered.report) : gathered.report;
  gathered.reported.push(...(state.report?.filesWritten ?? []));
  gathered.plan = state.plan ?? gathered.plan;
  gathered.notes.push({ key: step.key, text });
  return {
    commit,
    output: {
      text,
      report: state.report,
      findings: gathered.findings.slice(knownFindings),
      tree,
      plan: state.plan,
    },
  };
}

/** Whether what a step remembers is a conversation of this way of working. */
const remembers = ({ memory }: Resume, kind: WorkingKind) =>
  pipelines[memory.pipeline ?? 'ollama-tool'].runner === kind;

/** What a step is about: files named in it are shown to whom cannot look for himself. */
const aboutOf = (p: Pick<PromptInput, 'work' | 'step' | 'notes' | 'plan' | 'change' | 'feedback'>) => [
  ...[p.work.task.title, p.work.task.description, p.step.instructions, p.feedback, p.change],
  ...[p.notes, p.plan, p.work.findings],
];

/** The model server this pipeline talks to; a fallback may talk to another one than the choice names. */
function providerFor(c: StepContext, pipeline: PipelineName): Provider {
  const { provider } = pipelines[pipeline];
  const own = provider === c.work.model.provider || provider === 'human';
  const work = own ? c.work : { ...c.work, model: { ...c.work.model, provider } };
  return paid(c.config.provider(work), c.ports);
}

/** The last report stands for the task; what only an earlier step could answer is taken over from it. */
function withEarlier(report: Report, before: Report | null): Report {
  const kept = <K extends 'planItems' | 'consulted' | 'criteria'>(key: K): Report[K] =>
    report[key].length > 0 ? report[key] : (before?.[key] ?? report[key]);
  return {
    ...report,
    planItems: kept('planItems'),
    consulted: kept('consulted'),
    criteria: kept('criteria'),
  };
}

/** All that the agent says at the end of its step. */
function said(state: StepState): string {
  const r = state.report;
  return [state.finished, r?.taskSummary, ...(r?.keyDecisions ?? []), r?.verification]
    .filter(Boolean)
    .join('\n');
}

function commitMessage(c: StepContext, step: BlueprintStep): string {
  const { task, model, n } = c.work;
  const scripted = c.gathered.calls.some((r) => r.scripted) ? ' (scripted, no model was called)' : '';
  const stage = task.stage ? `${task.stage.toLowerCase()}: ` : '';
  return [
    `#${task.id} ${stage}${task.title}`.slice(0, 120),
    '',
    `Step ${step.key}, attempt ${n}, by ${task.company}.`,
    `Model: ${model.name}${scripted}`,
    '',
  ].join('\n');
}
