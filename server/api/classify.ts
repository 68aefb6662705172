import { createHash } from 'node:crypto';
import type { Catalogue } from '#server/catalogue/data.ts';
import { providerAt } from '#server/models/registry.ts';
import { ollamaUrl } from '#server/platform/env.ts';
import { classifyByKeywords } from '#server/routing/keywords.ts';
import { type Asked, classify } from '#server/routing/model.ts';
import { planModels } from '#server/routing/models.ts';
import type { Classification, HostState, TaskText } from '#server/routing/schema.ts';
import { paidOutside } from './paid-outside.ts';
import type { Services } from './services.ts';

/** A paste of many lines is not kept waiting for a model that answers one after the other. */
const MOST_ASKED = 5;
const REMEMBERED = 500;
const DEADLINE_MS = 5_000;

/** What a model said of a text: the preview and the task that follows it get the same answer. */
const said = new Map<string, Classification>();

/** The tier 1 model of a host that this process can reach; a scripted one has no opinion. */
function modelToAsk(
  s: Services,
  catalogue: Catalogue,
  hosts: (HostState & { scripted: boolean })[],
): Asked | null {
  const real = hosts.filter((h) => !h.scripted && h.models !== null && h.models.length > 0);
  const choice = planModels({ ...catalogue, hosts: real, accounts: {} }, 1).choices.find((c) =>
    real.some((h) => h.name === c.host),
  );
  const host = catalogue.fleet.hosts.find((h) => h.name === choice?.host);
  if (choice?.provider !== 'ollama' || !host || !(host.ollama ?? host.local)) return null;
  const url = ollamaUrl(host.ollama ?? s.env.OLLAMA_HOST);
  const deadlineMs = Math.max(200, DEADLINE_MS * s.env.ALAI_TIMING_SCALE);
  const provider = paidOutside(providerAt('ollama', url), {
    ...{ db: s.db, prices: catalogue.prices, host: host.name, purpose: 'classifier' },
  });
  return { provider, model: choice.model, deadlineMs };
}

/**
 * What each task is: by the model where there is one and it is sure, by the rules otherwise, all within one deadline.
 * What is held is not shown to a model before a person has seen it.
 */
export async function classifyTasks(
  s: Services,
  catalogue: Catalogue,
  hosts: (HostState & { scripted: boolean })[],
  tasks: TaskText[],
  held: (task: TaskText) => boolean,
): Promise<Classification[]> {
  const asked = tasks.length <= MOST_ASKED ? modelToAsk(s, catalogue, hosts) : null;
  return await Promise.all(
    tasks.map(async (task) => {
      if (!asked || held(task)) return classifyByKeywords(catalogue, task);
      const key = createHash('sha256')
        .update(JSON.stringify([asked.model, task.title, task.description, task.tags]))
        .digest('hex');
      const known = said.get(key);
      if (known) return known;
      const found = await classify(catalogue, task, asked);
      if (found.classifier === asked.model) {
        if (said.size >= REMEMBERED) said.delete(said.keys().next().value as string);
        said.set(key, found);
      }
      return found;
    }),
  );
}
