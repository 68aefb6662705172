import type { SimHost, SimTask } from './simulate.ts';

/** Minutes, as everything here is counted. */
export const MINUTE = 60_000;

/** ANVIL and FORGE as fleet.yaml plans them, with one large model more each, so that not everything fits at once. */
export const hosts: SimHost[] = [
  {
    name: 'anvil',
    slots: 2,
    memoryGb: 96,
    models: [
      { name: 'qwen2.5-coder:32b', gb: 26, parallel: 2 },
      { name: 'llama3.1:8b', gb: 8, parallel: 2 },
      { name: 'deepseek-r1:70b', gb: 75, parallel: 1 },
    ],
  },
  {
    name: 'forge',
    slots: 3,
    memoryGb: 256,
    models: [
      { name: 'qwen3:8b', gb: 9, parallel: 3 },
      { name: 'qwen3:32b', gb: 28, parallel: 2 },
      { name: 'qwen2.5-coder:32b', gb: 26, parallel: 2 },
      { name: 'kimi-k2.5:tq1', gb: 240, parallel: 1 },
    ],
  },
];

const small = [{ host: 'forge', model: 'qwen3:8b' }];
const medium = [
  { host: 'anvil', model: 'qwen2.5-coder:32b' },
  { host: 'forge', model: 'qwen2.5-coder:32b' },
];
const large = [{ host: 'forge', model: 'kimi-k2.5:tq1' }];
const thinker = [{ host: 'forge', model: 'qwen3:32b' }];
const reasoner = [{ host: 'anvil', model: 'deepseek-r1:70b' }];

/**
 * The documents' timetable of Bento: five deliverables with their minutes, each reviewed and audited, three findings mended (and reviewed
 * and audited in their turn), the deployment and two documents. The scaffold is built by the large model, as their log shows.
 */
export function bento(): SimTask[] {
  const tasks: SimTask[] = [];
  const add = (
    title: string,
    kind: string,
    minutes: number,
    choices: SimTask['choices'],
    after: number[],
  ): number => {
    const id = 4_001 + tasks.length;
    tasks.push({
      id,
      title,
      kind,
      priority: kind === 'BUILD' ? 'H' : 'M',
      arrivesMs: 0,
      runsMs: minutes * MINUTE,
      choices,
      after,
    });
    return id;
  };
  const chain = (title: string, minutes: number, choices: SimTask['choices'], after: number[]): number => {
    const built = add(title, 'BUILD', minutes, choices, after);
    const reviewed = add(`Review: ${title}`, 'REVIEW', 5, medium, [built]);
    return add(`Security: ${title}`, 'SECURITY', 5, medium, [reviewed]);
  };
  const scaffold = chain('Project scaffold', 15, large, []);
  const others = [
    chain('Database schema', 10, medium, [scaffold]),
    chain('Landing page', 8, medium, [scaffold]),
    chain('API: auth and subscriptions', 15, medium, [scaffold]),
    chain('Meal selection and checkout', 10, medium, [scaffold]),
  ];
  const fixes = [scaffold, others[2] as number, others[3] as number].map((from, i) =>
    chain(`Security fix ${i + 1}`, 10, medium, [from]),
  );
  const deployed = add('Deploy setup', 'OPS', 10, medium, [...others, ...fixes]);
  add('Privacy policy and terms', 'DOCS', 8, small, [deployed]);
  add('API documentation', 'DOCS', 8, small, [deployed]);
  return tasks;
}

/** Small, fast and the same everywhere (mulberry32): a day is a day for everybody who looks at its figures. */
function dice(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const KINDS = [
  { kind: 'small', share: 0.3, minutes: 3, choices: small },
  { kind: 'medium', share: 0.45, minutes: 8, choices: medium },
  { kind: 'thinking', share: 0.15, minutes: 9, choices: thinker },
  { kind: 'large', share: 0.05, minutes: 12, choices: large },
  { kind: 'reasoning', share: 0.05, minutes: 10, choices: reasoner },
];

/** A day of mixed work: a third lies there in the morning, the rest comes until the evening, a fifth of it urgent. */
export function day(count = 500, seed = 2_026): SimTask[] {
  const roll = dice(seed);
  return Array.from({ length: count }, (_, i): SimTask => {
    let at = roll();
    const kind = KINDS.find((k) => (at -= k.share) < 0) ?? (KINDS[0] as (typeof KINDS)[number]);
    const p = roll();
    const length = 0.5 + roll() + roll() * 0.5;
    return {
      id: i + 1,
      title: `${kind.kind} ${i + 1}`,
      kind: kind.kind,
      priority: p < 0.2 ? 'H' : p < 0.8 ? 'M' : 'L',
      arrivesMs: roll() < 1 / 3 ? 0 : Math.round(roll() * 12 * 60 * MINUTE),
      runsMs: Math.round(kind.minutes * length * MINUTE),
      choices: kind.choices,
      after: [],
    };
  });
}
