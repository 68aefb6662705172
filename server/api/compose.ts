import path from 'node:path';
import { z } from 'zod';
import { storeVersions, versionsOf } from '#server/catalogue/commands.ts';
import type { Catalogue } from '#server/catalogue/data.ts';
import {
  type AgentCapability,
  capabilitiesOf,
  foundAgentSchema,
  modelFactsSchema,
} from '#server/domain/agents.ts';
import { AlaiError } from '#server/domain/errors.ts';
import { type ChainPlan, minionOf } from '#server/domain/plan.ts';
import type { Created, CreateTasks, NewTask } from '#server/domain/views/new-task.ts';
import { type RoutePreview, routeSchema } from '#server/domain/views/routing.ts';
import { type EditPatch, editTask } from '#server/engine/edit.ts';
import type { Actor } from '#server/engine/event.ts';
import { publishDeliveries } from '#server/engine/outbox.ts';
import { acceptTasks, type IntakePorts, type Joining, type RoutedTask } from '#server/intake/commands.ts';
import { cleanTitle } from '#server/intake/policy.ts';
import { accountStates } from '#server/models/account.ts';
import { type Queryable, transaction } from '#server/platform/db.ts';
import { isLoopback } from '#server/platform/env.ts';
import { addProject, addRemoteProject } from '#server/projects/commands.ts';
import { isRepositoryUrl } from '#server/projects/remote.ts';
import { readCorrections, readTierStarts } from '#server/routing/data.ts';
import { planWork } from '#server/routing/policy.ts';
import type { Classification, HostState, TierStart } from '#server/routing/schema.ts';
import { suggestionFor } from '#server/routing/similar.ts';
import { type Rails, readRails } from '#server/safety/data.ts';
import type { TaskText } from '#server/safety/policy.ts';
import { classifyTasks } from './classify.ts';
import { heldOf } from './held.ts';
import type { Services } from './services.ts';

/** The rooms of the flow know nothing of each other; here intake, routing, catalogue, projects and engine are put together. */

type Text = Pick<NewTask, 'title' | 'description' | 'tags'> &
  Partial<Pick<NewTask, 'company' | 'blueprint' | 'tier' | 'offline'>> & { complexity?: number | null };

/** The hosts as routing knows them. */
export async function hostStates(q: Queryable): Promise<(HostState & { scripted: boolean })[]> {
  const { rows } = await q.query<{
    name: string;
    models: string[];
    last_seen: Date | null;
    scripted: boolean;
    llama: string[] | null;
    agents: unknown;
    installed: unknown;
    llama_facts: unknown;
  }>('SELECT name, models, last_seen, scripted, llama, llama_facts, agents, installed FROM host');
  return rows.map(({ last_seen, agents, installed, llama_facts, ...r }) => ({
    ...r,
    models: last_seen ? r.models : null,
    agents: z
      .array(foundAgentSchema)
      .catch([])
      .parse(agents)
      .filter((a) => a.usable)
      .map((a) => a.name),
    can: { ...canOf(installed), ...canOf(llama_facts) },
  }));
}

/** What each installed model can be given, as far as its server was asked. */
const canOf = (installed: unknown): Record<string, AgentCapability[]> =>
  Object.fromEntries(
    z
      .array(modelFactsSchema)
      .catch([])
      .parse(installed)
      .flatMap((m) => {
        const can = capabilitiesOf(m);
        return can ? [[m.name, can]] : [];
      }),
  );

/** What the factory knows and its people decided when a route is made. */
interface Known {
  catalogue: Catalogue;
  rails: Rails;
  hosts: (HostState & { scripted: boolean })[];
  starts: TierStart[];
}

async function knownNow(s: Services, catalogue: Catalogue): Promise<Known> {
  const [hosts, rails, starts] = await Promise.all([
    hostStates(s.db.pool),
    readRails(s.db.pool),
    readTierStarts(s.db.pool),
  ]);
  return { catalogue, rails, hosts, starts };
}

/** Company, blueprint, tier, hosts, what is held, and why. Nothing is written. */
function routeText(
  { catalogue, rails, hosts, starts }: Known,
  text: Text,
  projectId: string | null,
  classification: Classification,
): RoutedTask & { plan: ChainPlan } {
  const task = textOf(text);
  return planWork(catalogue, {
    task,
    classification,
    overrides: {
      company: text.company ?? undefined,
      blueprint: text.blueprint ?? undefined,
      tier: text.tier ?? undefined,
      complexity: text.complexity ?? undefined,
      offline: text.offline ?? undefined,
    },
    held: heldOf(catalogue, rails, { ...task, projectId }, text.tier ?? null),
    hosts,
    accounts: accountStates(catalogue.providers.providers, process.env),
    starts,
  });
}

const textOf = ({ title, description, tags }: Text) => ({ title, description, tags });

/** What would happen to these tasks: the composer's chips and `alai route`. */
export async function previewRoutes(
  s: Services,
  tasks: Text[],
  projectId: string | null,
): Promise<RoutePreview[]> {
  const known = await knownNow(s, s.catalogue());
  const { catalogue, rails, hosts } = known;
  const clean = tasks.map((t) => ({ ...t, title: cleanTitle(t.title) }));
  const held = (t: TaskText) => heldOf(catalogue, rails, { ...t, projectId }, null) !== null;
  const found = await classifyTasks(s, catalogue, hosts, clean.map(textOf), held);
  const corrections = await readCorrections(s.db.pool);
  return clean.map((t, i) => {
    const route = routeSchema.parse(routeText(known, t, projectId, found[i] as Classification).route);
    return {
      title: tasks[i]?.title ?? t.title,
      route,
      projectRequired: projectId === null,
      suggestion: suggestionFor(t.title, route, corrections),
    };
  });
}

async function intakePorts(s: Services, reference: string | null): Promise<IntakePorts> {
  const known = await knownNow(s, s.catalogue());
  const { catalogue, rails, hosts } = known;
  const projectId = await knownProject(s, reference);
  return {
    route: async (tasks) => {
      const held = (t: TaskText) => heldOf(catalogue, rails, { ...t, projectId }, null) !== null;
      const found = await classifyTasks(s, catalogue, hosts, tasks.map(textOf), held);
      return tasks.map((task, i) => {
        const routed = routeText(known, task, projectId, found[i] as Classification);
        return task.minion ? { ...routed, plan: minionOf(routed.plan) } : routed;
      });
    },
    storeVersions: (q, plans) =>
      storeVersions(
        q,
        versionsOf(
          catalogue,
          plans.flatMap((p) => p.stages),
        ),
      ),
    project: (reference) => resolveProject(s, reference),
  };
}

/** The project that a reference means, when it is known already: a new one has no rails of its own. */
async function knownProject(s: Services, reference: string | null): Promise<string | null> {
  if (reference === null) return null;
  const { rows } = await s.db.pool.query<{ id: string }>(
    'SELECT id FROM project WHERE id = $1 OR path = $1 OR url = $1 LIMIT 1',
    [reference],
  );
  return rows[0]?.id ?? null;
}

/** A known project's id, or the address or the full path of a repository, which becomes a project. */
export async function resolveProject(s: Services, reference: string): Promise<{ id: string }> {
  if (isRepositoryUrl(reference))
    return await addRemoteProject(s.db, s.env.ALAI_HOME, reference, { files: isLoopback(s.env.HOST) });
  const { rows } = await s.db.pool.query<{ id: string }>(
    'SELECT id FROM project WHERE id = $1 OR path = $1',
    [reference],
  );
  if (rows[0]) {
    const known = await s.db.pool.query<{ path: string | null }>('SELECT path FROM project WHERE id = $1', [
      rows[0].id,
    ]);
    // News of the folder come along: the operator may have committed since.
    if (known.rows[0]?.path) await addProject(s.db, s.env.ALAI_HOME, known.rows[0].path).catch(() => {});
    return rows[0];
  }
  if (!path.isAbsolute(reference))
    throw new AlaiError(
      'PROJECT_NOT_A_REPOSITORY',
      `"${reference}" is neither a project nor a full path.`,
      'Give the full path of a git repository, starting with /, or its address (https://…, git@…).',
    );
  return await addProject(s.db, s.env.ALAI_HOME, reference);
}

/** Creates tasks: checked, routed, written, dispatched. */
export async function createWork(
  s: Services,
  input: CreateTasks,
  actor: Actor,
  into?: Joining,
): Promise<Created> {
  return await acceptTasks(
    s.db,
    s.queue,
    input,
    actor,
    await intakePorts(s, into?.projectId ?? input.project),
    into,
  );
}

/** The route of one text as it would be now. */
export async function routeAnew(s: Services, catalogue: Catalogue, text: Text, projectId: string | null) {
  const known = await knownNow(s, catalogue);
  const held = (t: TaskText) => heldOf(catalogue, known.rails, { ...t, projectId }, null) !== null;
  const [found] = await classifyTasks(s, catalogue, known.hosts, [textOf(text)], held);
  return routeText(known, text, projectId, found as Classification);
}

/** Edits a task; a changed text is routed and judged anew. */
export async function editWork(
  s: Services,
  id: number,
  version: number,
  patch: EditPatch,
  actor: Actor,
): Promise<void> {
  const { rows } = await s.db.pool.query<{
    title: string;
    description: string;
    tags: string[];
    project_id: string | null;
  }>('SELECT title, description, tags, project_id FROM task WHERE id = $1', [id]);
  const row = rows[0];
  if (!row)
    throw new AlaiError('NOT_FOUND', `Task #${id} does not exist.`, 'Look the number up on the board.');
  const clean = { ...patch, ...(patch.title === undefined ? {} : { title: cleanTitle(patch.title) }) };
  const textual = clean.title !== undefined || clean.description !== undefined || clean.tags !== undefined;
  const catalogue = s.catalogue();
  const routed = textual
    ? await routeAnew(
        s,
        catalogue,
        {
          title: clean.title ?? row.title,
          description: clean.description ?? row.description,
          tags: clean.tags ?? row.tags,
        },
        row.project_id,
      )
    : null;
  const deliveries = await transaction(s.db, async (q) => {
    if (routed) await storeVersions(q, versionsOf(catalogue, routed.plan.stages));
    return await editTask(q, id, version, clean, routed, actor);
  });
  await publishDeliveries(s.db.pool, s.queue, deliveries).catch(() => {});
}
