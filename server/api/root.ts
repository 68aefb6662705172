import { agentsRouter } from './routers/agents.ts';
import { auditRouter } from './routers/audit.ts';
import { boardRouter, stripRouter } from './routers/board.ts';
import { companiesRouter } from './routers/companies.ts';
import { factoryRouter } from './routers/factory.ts';
import { fleetRouter } from './routers/fleet.ts';
import { graphRouter } from './routers/graph.ts';
import { integrationRouter } from './routers/integration.ts';
import { meRouter } from './routers/me.ts';
import { notificationsRouter } from './routers/notifications.ts';
import { peopleRouter } from './routers/people.ts';
import { pipelinesRouter } from './routers/pipelines.ts';
import { projectsRouter } from './routers/projects.ts';
import { queueRouter } from './routers/queue.ts';
import { routingRouter } from './routers/routing.ts';
import { safetyRouter } from './routers/safety.ts';
import { sampleRouter } from './routers/sample.ts';
import { spendRouter } from './routers/spend.ts';
import { statusRouter } from './routers/status.ts';
import { tasksRouter } from './routers/tasks.ts';
import { tiersRouter } from './routers/tiers.ts';
import { router } from './trpc.ts';

/** One router per room. Routers authorise, validate and compose; what happens is decided in the rooms. */
export const appRouter = router({
  audit: auditRouter,
  board: boardRouter,
  companies: companiesRouter,
  factory: factoryRouter,
  agents: agentsRouter,
  fleet: fleetRouter,
  graph: graphRouter,
  integration: integrationRouter,
  me: meRouter,
  people: peopleRouter,
  notifications: notificationsRouter,
  pipelines: pipelinesRouter,
  projects: projectsRouter,
  queue: queueRouter,
  routing: routingRouter,
  safety: safetyRouter,
  sample: sampleRouter,
  spend: spendRouter,
  status: statusRouter,
  strip: stripRouter,
  tasks: tasksRouter,
  tiers: tiersRouter,
});

export type AppRouter = typeof appRouter;
