import { z } from 'zod';
import { modelName } from '#server/domain/host.ts';

const hostName = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'a host is named in lower case');
/** Where a model server answers. A password has no place in a file. */
const address = z
  .url({ protocol: /^https?$/, error: 'must be an address such as http://127.0.0.1:11434' })
  .max(200)
  .refine((text) => !/^https?:\/\/[^/]*@/.test(text), 'must not hold a user name or a password')
  // No machine serves a model there, and clouds keep their secrets under it.
  .refine((text) => !/^https?:\/\/(?:169\.254\.|\[fe[89ab])/i.test(text), 'must not be a link-local address')
  .nullable()
  .default(null);

const plannedModel = z.strictObject({
  name: modelName,
  /** Memory it takes while it is loaded, its context included. */
  gb: z.number().positive().max(4_096),
  /** Tokens of context it is loaded with. */
  context: z.number().int().min(512).max(10_000_000).nullable().default(null),
  /** Requests it answers at once; its lane takes no more, unless `lanes` says otherwise. */
  parallel: z.number().int().min(1).max(64).default(1),
});

const hostSchema = z.strictObject({
  name: hostName,
  label: z.string().min(1).max(40),
  memory_gb: z.number().int().positive().max(65_536).nullable().default(null),
  slots: z.number().int().min(1).max(64),
  /** Whether `npm start` on this machine runs its worker. */
  local: z.boolean().default(true),
  /** Its Ollama, as its worker reaches it; null is OLLAMA_HOST, else the default on the worker's own machine. */
  ollama: address,
  /** Its llama-server; null when it has none. */
  llama_server: address,
  /** The models it is meant to have. */
  models: z.array(plannedModel).max(100).default([]),
  /** Model -> attempts at once with it; models that are not here take as many as they are `parallel`. */
  lanes: z.record(modelName, z.number().int().min(1).max(64)).default({}),
  /** Takes over what waits for this host while it is lost, draining or stopped. */
  stand_by: hostName.nullable().default(null),
});
export type FleetHost = z.infer<typeof hostSchema>;

/** _shared/fleet.yaml. What no machine could be is refused: a name twice, more memory than there is, a lane nobody serves. */
export const fleetSchema = z
  .strictObject({ hosts: z.array(hostSchema).min(1).max(64) })
  .superRefine(({ hosts }, context) => {
    const names = hosts.map((h) => h.name);
    hosts.forEach((host, n) => {
      const issue = (path: (string | number)[], message: string) =>
        context.addIssue({ code: 'custom', path: ['hosts', n, ...path], message });
      if (names.indexOf(host.name) !== n) issue(['name'], `is the second host with the name ${host.name}`);
      if (host.stand_by === host.name) issue(['stand_by'], 'is the host itself');
      else if (host.stand_by !== null && !names.includes(host.stand_by))
        issue(['stand_by'], `there is no host ${host.stand_by}; the others are ${others(names, host.name)}`);
      const models = host.models.map((m) => m.name);
      host.models.forEach((m, i) => {
        if (models.indexOf(m.name) !== i) issue(['models', i, 'name'], `${m.name} stands here twice`);
        if (host.memory_gb !== null && m.gb > host.memory_gb)
          issue(
            ['models', i, 'gb'],
            `${m.name} takes ${m.gb} GB, but ${host.label} has ${host.memory_gb} GB of memory`,
          );
      });
      for (const [model, cap] of Object.entries(host.lanes)) {
        if (!models.includes(model))
          issue(['lanes', model], `${model} is not among the models of ${host.label}`);
        if (cap > host.slots) issue(['lanes', model], `is ${cap}, but ${host.label} has ${host.slots} slots`);
      }
    });
  });
export type Fleet = z.infer<typeof fleetSchema>;

const others = (names: string[], name: string) =>
  names.filter((other) => other !== name).join(', ') || 'none';

/** How many attempts a host runs at once with each model it is meant to have. */
export function lanesOf(host: Pick<FleetHost, 'models' | 'lanes' | 'slots'>): Record<string, number> {
  const planned = host.models.map((m) => [m.name, Math.min(m.parallel, host.slots)] as const);
  return { ...Object.fromEntries(planned), ...host.lanes };
}
