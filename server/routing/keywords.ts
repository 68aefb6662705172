import type { Catalogue, CompanyCard, Routing } from '#server/catalogue/data.ts';
import { foldPattern } from '#server/domain/folding.ts';
import { type Place, type Readings, readTask } from './places.ts';
import type { Classification, TaskText } from './schema.ts';
import { type Language, Vocabulary } from './vocabulary.ts';

interface Hit {
  words: string;
  place: Place;
  points: number;
}

/** What of the catalogue routing by words reads. */
export type Words = Pick<Catalogue, 'routing' | 'cards'>;

/** The description says more words than the title, but seldom more than what it is about. */
const MOST_BY_DESCRIPTION = 14;

interface Rule {
  test: RegExp;
  weight: number;
}
interface Compiled {
  cards: Words['cards'];
  companies: Vocabulary<string>;
  types: Vocabulary<string>;
  intents: (Rule & { company: string; because: string })[];
  typePatterns: (Rule & { type: string })[];
  complexity: { test: RegExp; add: number; because: string }[];
}
const compiled = new WeakMap<Routing, Compiled>();

const expression = (source: string) => new RegExp(foldPattern(source), 'iu');

/**
 * The words of each company that can be given a BUILD, all languages together. Those of a merged company speak for its
 * heir; a meta company is called by name, never found by words. Made once per version of the files.
 */
function compile({ routing, cards }: Words): Compiled {
  const known = compiled.get(routing);
  if (known?.cards === cards) return known;
  const companies = new Vocabulary<string>();
  const say = (owner: string, card: CompanyCard) => {
    for (const [language, words] of Object.entries(card.routing.keywords))
      for (const [word, weight] of Object.entries(words))
        companies.add(owner, word, weight, language as Language);
  };
  for (const card of cards.values()) {
    if (card.status === 'active') say(card.name, card);
    const heir = card.status === 'merged' ? cards.get(card.merged_into ?? '') : undefined;
    if (heir?.status === 'active') say(heir.name, card);
  }
  const types = new Vocabulary<string>();
  for (const [type, { keywords }] of Object.entries(routing.types))
    for (const [word, weight] of Object.entries(keywords))
      types.add(type, word, weight, word.endsWith('*') ? 'no' : 'en');
  const made: Compiled = {
    cards,
    companies,
    types,
    intents: routing.intents.map((i) => ({ ...i, test: expression(i.pattern) })),
    typePatterns: Object.entries(routing.types).flatMap(([type, { patterns }]) =>
      patterns.map(({ pattern, weight }) => ({ type, weight, test: expression(pattern) })),
    ),
    complexity: routing.complexity.map((c) => ({ ...c, test: expression(c.pattern) })),
  };
  compiled.set(routing, made);
  return made;
}

/**
 * The hits of every owner. A place in the text speaks for an owner once, by the strongest keyword there, and a keyword
 * speaks once, where it counts most: saying "button" nine times does not make a task nine times as much a button.
 */
function hitsOf(vocabulary: Vocabulary<string>, read: Readings, by: Routing['places']): Map<string, Hit[]> {
  const owners = new Map<
    string,
    Map<Place, { words: string; id: number; points: number; span: number[] }[]>
  >();
  for (const { place, text, factors } of read.parts) {
    for (const { owner, hit } of vocabulary.find(text.tokens)) {
      const span = Array.from({ length: hit.length }, (_, i) => hit.at + i);
      const against = span.some((i) => (factors[i] ?? 1) < 0);
      const factor = against ? -0.6 : Math.max(...span.map((i) => factors[i] ?? 1));
      const points = hit.keyword.weight * hit.strength * by[place] * factor;
      const places = owners.get(owner) ?? new Map();
      const list = places.get(place) ?? [];
      list.push({ words: hit.keyword.words, id: hit.keyword.id, points, span });
      places.set(place, list);
      owners.set(owner, places);
    }
  }
  const result = new Map<string, Hit[]>();
  for (const [owner, places] of owners) {
    const kept = new Map<string, Hit>();
    for (const [place, found] of places) {
      const taken = new Set<number>();
      let budget = place === 'description' ? MOST_BY_DESCRIPTION : Number.POSITIVE_INFINITY;
      found.sort((a, b) => Math.abs(b.points) - Math.abs(a.points));
      for (const { words, points: full, span } of found) {
        if (span.some((i) => taken.has(i))) continue;
        const points = Math.min(full, budget);
        const other = kept.get(words);
        for (const i of span) taken.add(i);
        if (other && other.points >= points) continue;
        budget -= Math.max(0, points);
        if (points !== 0) kept.set(words, { words, place, points });
      }
    }
    result.set(
      owner,
      [...kept.values()].sort((a, b) => b.points - a.points),
    );
  }
  return result;
}

const round = (n: number) => Math.round(n * 100) / 100;
const sum = (hits: Hit[]) => hits.reduce((total, h) => total + h.points, 0);
const list = (hits: Hit[]) =>
  hits
    .slice(0, 4)
    .map(
      (h) =>
        `"${h.words}" ${h.points < 0 ? '' : '+'}${round(h.points)}${h.place === 'title' ? '' : ` (${h.place})`}`,
    )
    .join(', ');

/** Classifies by the weighted words of the companies: instant, explainable, and the same every time. */
export function classifyByKeywords(words: Words, task: TaskText): Classification {
  const { routing, cards } = words;
  const tags = task.tags.filter((t) => !asksForStage(routing, t));
  const read = readTask(routing, { ...task, tags });
  const rules = compile(words);
  const reasons: string[] = [];
  const company = chooseCompany(words, rules, read, task.tags, reasons);
  const type = chooseType(routing, rules, read, company.name, reasons);
  const complexity = chooseComplexity(routing, rules, type, read, reasons);
  return {
    company: company.name,
    domain: cards.get(company.name)?.domain ?? 'general',
    type,
    complexity,
    confidence: company.confidence,
    reasons,
    classifier: 'keywords',
  };
}

/** "deploy" and "docs" ask for a stage after the work; they do not say that the work itself is a deployment or a text. */
function asksForStage(routing: Routing, tag: string): boolean {
  return Object.values(routing.stages).some((stage) => stage?.tags.includes(tag.toLowerCase()));
}

function chooseCompany(
  { routing }: Words,
  rules: Compiled,
  read: Readings,
  tags: string[],
  reasons: string[],
) {
  for (const tag of tags) {
    const name = routing.tags[tag.toLowerCase()];
    if (!name) continue;
    reasons.push(`${name}: the tag "${tag}" says so`);
    return { name, confidence: 1 };
  }
  const scores = new Map<string, { name: string; hits: Hit[]; points: number; because: string[] }>();
  const scoreOf = (name: string) => {
    const known = scores.get(name);
    if (known) return known;
    const made = { name, hits: [] as Hit[], points: 0, because: [] as string[] };
    scores.set(name, made);
    return made;
  };
  for (const [name, hits] of hitsOf(rules.companies, read, routing.places))
    Object.assign(scoreOf(name), { hits, points: sum(hits) });
  for (const [company, intent] of strongestIntents(rules, read.head)) {
    const score = scoreOf(company);
    const points = intent.weight * routing.places.title;
    score.points += points;
    score.because.push(`${intent.because} +${round(points)}`);
  }
  const ranked = [...scores.values()].sort((a, b) => b.points - a.points);
  const [first, second] = ranked;
  if (!first || first.points <= 0) {
    reasons.push(`${routing.default}: no keyword spoke for any company, so the default takes it`);
    return { name: routing.default, confidence: 0.2 };
  }
  const say = (s: typeof first) => [...s.because, ...(s.hits.length ? [list(s.hits)] : [])].join('; ');
  reasons.push(`${first.name}: ${say(first)} (${round(first.points)} points)`);
  if (second && second.points > 0)
    reasons.push(`not ${second.name}: ${say(second)} (${round(second.points)} points)`);
  for (const s of ranked)
    if (s.points < 0) reasons.push(`not ${s.name}: it is to be left alone: ${list(s.hits)}`);
  const share = first.points / (first.points + Math.max(0, second?.points ?? 0));
  const evidence = Math.min(1, first.points / 20);
  return { name: first.name, confidence: round(0.3 + 0.7 * evidence * (2 * share - 1)) };
}

/** What the title asks for as a whole: the strongest wish towards each company. */
function strongestIntents({ intents, cards }: Compiled, head: string) {
  const best = new Map<string, Compiled['intents'][number]>();
  for (const intent of intents) {
    if (cards.get(intent.company)?.status !== 'active') continue;
    if ((best.get(intent.company)?.weight ?? 0) >= intent.weight || !intent.test.test(head)) continue;
    best.set(intent.company, intent);
  }
  return best;
}

function chooseType(
  routing: Routing,
  { types, typePatterns }: Compiled,
  read: Readings,
  company: string,
  reasons: string[],
): string {
  const hits = hitsOf(types, read, routing.places);
  const scores = Object.keys(routing.types).map((type) => {
    const found = hits.get(type) ?? [];
    const matched = typePatterns.filter((p) => p.type === type && p.test.test(read.head));
    const points = sum(found) + matched.reduce((n, p) => n + p.weight * routing.places.title, 0);
    return { type, points, hits: found };
  });
  scores.sort((a, b) => b.points - a.points);
  const best = scores[0];
  if (!best || best.points <= 0) {
    const usual = routing.companies[company]?.usual_type;
    if (usual) reasons.push(`Type ${usual}: what ${company} usually does`);
    return usual ?? routing.default_type;
  }
  reasons.push(`Type ${best.type}${best.hits.length ? `: ${list(best.hits)}` : ', by how the title begins'}`);
  return best.type;
}

function chooseComplexity(
  routing: Routing,
  { complexity: rules }: Compiled,
  type: string,
  read: Readings,
  reasons: string[],
): Classification['complexity'] {
  const base = routing.types[type]?.complexity ?? 2;
  let points = base;
  const because = [`${base} for ${type}`];
  for (const rule of rules) {
    const why = `${rule.add > 0 ? '+' : ''}${rule.add} ${rule.because}`;
    // The same thing said in two languages makes it no harder.
    if (because.includes(why) || !rule.test.test(read.all)) continue;
    points += rule.add;
    because.push(why);
  }
  // Writing about hard things is not hard. Five is the human himself; words alone do not send work to him, the safety rails do.
  const most = base === 1 ? 2 : 4;
  const complexity = Math.min(most, Math.max(1, points)) as Classification['complexity'];
  reasons.push(`Complexity ${complexity}: ${because.join(', ')}`);
  return complexity;
}
