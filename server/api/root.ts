import { boardRouter } from './routers/board.ts';
import { eventsRouter } from './routers/events.ts';
import { fleetRouter } from './routers/fleet.ts';
import { pipelinesRouter } from './routers/pipelines.ts';
import { projectsRouter, routingRouter, sampleRouter } from './routers/projects.ts';
import { queueRouter } from './routers/queue.ts';
import { sessionRouter } from './routers/session.ts';
import { tasksRouter } from './routers/tasks.ts';
import { router } from './trpc.ts';

/** One router per room. Routers authorise, validate and compose; what happens is decided in the rooms. */
export const appRouter = router({
  board: boardRouter,
  events: eventsRouter,
  fleet: fleetRouter,
  pipelines: pipelinesRouter,
  projects: projectsRouter,
  queue: queueRouter,
  routing: routingRouter,
  sample: sampleRouter,
  session: sessionRouter,
  tasks: tasksRouter,
});

export type AppRouter = typeof appRouter;
