import { z } from 'zod';
import { foundAgentSchema } from '../agents.ts';
import { hostStates, modelActs, modelJobStates } from '../host.ts';
import { stages } from '../status.ts';
import { runSchema } from './runs.ts';
import { hostViewSchema } from './strip.ts';

const at = z.date();

/** One slot with the attempt in it. */
export const slotViewSchema = z.object({
  slot: z.number(),
  attemptId: z.number(),
  taskId: z.number(),
  title: z.string(),
  stage: z.enum(stages).nullable(),
  company: z.string().nullable(),
  model: z.string(),
  tier: z.number(),
  startedAt: at,
  /** The last heartbeat: how old the lease is. */
  heardAt: at,
  leaseUntil: at,
  progressAt: at,
  /** Silent for longer than usual. */
  suspicious: z.boolean(),
  /** Its heartbeat is overdue: nobody can say that it still runs. */
  unheard: z.boolean(),
});
export type SlotView = z.infer<typeof slotViewSchema>;

export const modelJobViewSchema = z.object({
  id: z.number(),
  host: z.string(),
  act: z.enum(modelActs),
  model: z.string(),
  state: z.enum(modelJobStates),
  status: z.string(),
  completed: z.number(),
  total: z.number(),
  bytesPerSecond: z.number(),
  error: z.string().nullable(),
  askedBy: z.string(),
  cancelledBy: z.string().nullable(),
  createdAt: at,
  updatedAt: at,
  endedAt: at.nullable(),
});
export type ModelJobView = z.infer<typeof modelJobViewSchema>;

/** Whether a model or a service is asked: closed, left alone after failures, or tried with one probe. */
export const breakerViewSchema = z.object({
  state: z.enum(['CLOSED', 'OPEN', 'HALF_OPEN']),
  failures: z.number(),
  openedAt: at.nullable(),
  probeAt: at.nullable(),
  error: z.string(),
  offline: z.boolean(),
});
export type BreakerFacts = z.infer<typeof breakerViewSchema>;

/** One model of a host: planned in fleet.yaml, installed, loaded, or several of these. */
export const hostModelSchema = z.object({
  name: z.string(),
  installed: z.boolean(),
  bytes: z.number().nullable(),
  planned: z.object({ gb: z.number(), context: z.number().nullable(), parallel: z.number() }).nullable(),
  loaded: z.object({ bytes: z.number(), until: at.nullable() }).nullable(),
  /** Attempts at once; null when only the slots limit it. */
  lane: z.number().nullable(),
  running: z.number(),
  tokensPerSecond: z.number().nullable(),
  /** Null while nothing failed lately. */
  breaker: breakerViewSchema.nullable(),
  /** Which server of the host has it. */
  server: z.enum(['ollama', 'llama-server']),
  /** Who needs it, in words: "tier 2 (local medium)". */
  neededBy: z.array(z.string()),
});
export type HostModelView = z.infer<typeof hostModelSchema>;

export const laneTaskSchema = z.object({
  taskId: z.number(),
  title: z.string(),
  priority: z.enum(['H', 'M', 'L']),
  model: z.string(),
  /** When it became ready, wherever it waited since. */
  waitingSince: at,
  /** When it was given to this host. */
  hereSince: at,
  why: z.string(),
  /** Milliseconds until it is likely to start; null when nothing is known. */
  etaMs: z.number().nullable(),
});
export type LaneTaskView = z.infer<typeof laneTaskSchema>;

export const fleetHostSchema = z.object({
  name: z.string(),
  label: z.string(),
  /** As it is heard; `order` is what a human made of it. */
  state: hostViewSchema.shape.state,
  order: z.enum(hostStates),
  orderBy: z.string().nullable(),
  orderReason: z.string(),
  orderAt: at.nullable(),
  drainUntil: at.nullable(),
  declared: z.boolean(),
  local: z.boolean(),
  standBy: z.string().nullable(),
  slots: z.number(),
  memoryGb: z.number().nullable(),
  /** Bytes where its worktrees lie; null before its worker said so. */
  disk: z.object({ free: z.number(), total: z.number() }).nullable(),
  sandbox: hostViewSchema.shape.sandbox,
  scripted: z.boolean(),
  address: z.string().nullable(),
  lastSeen: at.nullable(),
  worker: z.object({ version: z.string(), pid: z.number(), startedAt: at }).nullable(),
  probe: z
    .object({
      at,
      reachable: z.boolean(),
      version: z.string().nullable(),
      ms: z.number(),
      problem: z.object({ message: z.string(), hint: z.string() }).nullable(),
    })
    .nullable(),
  /** The coding agents with a program of their own that its worker found. */
  agents: z.array(foundAgentSchema.extend({ breaker: breakerViewSchema.nullable() })),
  running: z.array(slotViewSchema),
  models: z.array(hostModelSchema),
  queued: z.number(),
  waiting: z.array(laneTaskSchema),
  jobs: z.array(modelJobViewSchema),
});
export type FleetHostView = z.infer<typeof fleetHostSchema>;

/** Something that is wrong with the fleet and lasts. */
export const troubleSchema = z.object({
  key: z.string(),
  severity: z.enum(['urgent', 'normal']),
  title: z.string(),
  why: z.string(),
  hint: z.string(),
  since: at,
});
export type TroubleView = z.infer<typeof troubleSchema>;

/** The same before people are told: most of it heals by itself. */
export const watchedSchema = troubleSchema.extend({ tellAt: at });
export type WatchedView = z.infer<typeof watchedSchema>;

export const fleetSchema = z.object({
  now: at,
  stopped: z.object({ by: z.string(), at, reason: z.string() }).nullable(),
  /** This program's version; a worker of another one was left behind by an update. */
  version: z.string(),
  hosts: z.array(fleetHostSchema),
  runs: z.array(runSchema),
  troubles: z.array(troubleSchema),
  watched: z.array(watchedSchema),
  /** Services outside the hosts that failed lately. */
  services: z.array(breakerViewSchema.extend({ name: z.string() })),
  /** What is wrong in the files of the fleet; the last good version goes on. */
  problems: z.array(
    z.object({ file: z.string(), line: z.number(), message: z.string(), remedy: z.string() }),
  ),
});
export type FleetView = z.infer<typeof fleetSchema>;
