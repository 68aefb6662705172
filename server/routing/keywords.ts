import type { Catalogue, CompanyCard, Routing } from '#server/catalogue/data.ts';
import type { Classification, Classifier, TaskText } from './schema.ts';

interface Hit {
  words: string;
  place: string;
  points: number;
}

const CASE = 'iu';
/** Text beyond this says no more about what a task is. */
const MAX_TEXT = 20_000;

/** Lower case, one kind of blank, no accents of style: "ＵＩ–Kit" and "ui-kit" are the same words. */
function plain(text: string): string {
  return text.slice(0, MAX_TEXT).normalize('NFKC').toLowerCase().replace(/\s+/g, ' ');
}

/** A keyword as a whole word; a plain one also with the endings English puts on it. */
function keywordPattern(keyword: string): RegExp {
  const escaped = plain(keyword).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const ending = /[a-z]$/.test(escaped) && escaped.length > 3 ? '(?:s|es|ed|ing)?' : '';
  return new RegExp(`(?<![\\p{L}\\p{N}])${escaped}${ending}(?![\\p{L}\\p{N}])`, 'u');
}

const patterns = new Map<string, RegExp>();
function has(text: string, keyword: string): boolean {
  let pattern = patterns.get(keyword);
  if (!pattern) {
    pattern = keywordPattern(keyword);
    patterns.set(keyword, pattern);
  }
  return pattern.test(text);
}

interface Places {
  title: string;
  tags: string;
  description: string;
}

/** Each keyword counts once, where it counts most. */
function hitsOf(places: Places, weights: Record<string, number>, by: Routing['places']): Hit[] {
  const hits: Hit[] = [];
  for (const [keyword, weight] of Object.entries(weights)) {
    const place = (['tags', 'title', 'description'] as const)
      .filter((p) => has(places[p], keyword))
      .sort((a, b) => by[b] - by[a])[0];
    if (place) hits.push({ words: keyword, place, points: weight * by[place] });
  }
  return hits.sort((a, b) => b.points - a.points);
}

const sum = (hits: Hit[]) => hits.reduce((total, h) => total + h.points, 0);
const list = (hits: Hit[]) =>
  hits
    .slice(0, 4)
    .map((h) => `"${h.words}"${h.place === 'title' ? '' : ` (${h.place})`}`)
    .join(', ');

/** What of the catalogue routing by words reads. */
export type Words = Pick<Catalogue, 'routing' | 'cards'>;

/**
 * The words of each company that can be given a BUILD, all languages together. Those of a merged company speak for its
 * heir; a meta company is called by name, never found by words.
 */
function companyWords(cards: Words['cards']): Map<string, Record<string, number>> {
  const all = (card: CompanyCard) => Object.assign({}, ...Object.values(card.routing.keywords).reverse());
  const listed = [...cards.values()];
  return new Map(
    listed
      .filter((card) => card.status === 'active')
      .map((card) => {
        const merged = listed.filter((c) => c.status === 'merged' && c.merged_into === card.name);
        return [card.name, Object.assign({}, ...merged.map(all), all(card))];
      }),
  );
}

/** Classifies by the weighted words of the companies: instant, explainable, and the same every time. */
export function classifyByKeywords({ routing, cards }: Words, task: TaskText): Classification {
  const places = {
    title: plain(task.title),
    tags: plain(task.tags.filter((t) => !asksForStage(routing, t)).join(' , ')),
    description: plain(task.description),
  };
  const reasons: string[] = [];
  const company = chooseCompany({ routing, cards }, places, task.tags, reasons);
  const type = chooseType(routing, places, reasons);
  const complexity = chooseComplexity(routing, type, places, reasons);
  const domain = cards.get(company.name)?.domain ?? 'general';
  return {
    company: company.name,
    domain,
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

function chooseCompany({ routing, cards }: Words, places: Places, tags: string[], reasons: string[]) {
  for (const tag of tags) {
    const name = routing.tags[tag.toLowerCase()];
    if (!name) continue;
    reasons.push(`${name}: the tag "${tag}" says so`);
    return { name, confidence: 1 };
  }
  const scores = [...companyWords(cards)].map(([name, keywords]) => {
    const hits = hitsOf(places, keywords, routing.places);
    return { name, hits, points: sum(hits), because: [] as string[] };
  });
  for (const intent of routing.intents) {
    if (!new RegExp(intent.pattern, CASE).test(places.title)) continue;
    const score = scores.find((s) => s.name === intent.company);
    if (!score) continue;
    score.points += intent.weight * routing.places.title;
    score.because.push(intent.because);
  }
  scores.sort((a, b) => b.points - a.points);
  const [first, second] = scores;
  if (!first || first.points === 0) {
    reasons.push(`${routing.default}: no keyword spoke for any company, so the default takes it`);
    return { name: routing.default, confidence: 0.2 };
  }
  const words = [...first.because, ...(first.hits.length ? [list(first.hits)] : [])].join('; ');
  reasons.push(`${first.name}: ${words} (${round(first.points)} points)`);
  if (second && second.points > 0) {
    const also = [...second.because, ...(second.hits.length ? [list(second.hits)] : [])].join('; ');
    reasons.push(`not ${second.name}: ${also} (${round(second.points)} points)`);
  }
  const share = first.points / (first.points + (second?.points ?? 0));
  const evidence = Math.min(1, first.points / 20);
  return { name: first.name, confidence: round(0.3 + 0.7 * evidence * (2 * share - 1)) };
}

function chooseType(routing: Routing, places: Places, reasons: string[]): string {
  const scores = Object.entries(routing.types).map(([type, { keywords, patterns: extra }]) => {
    const hits = hitsOf(places, keywords, routing.places);
    const matched = extra.filter((p) => new RegExp(p.pattern, CASE).test(places.title));
    const points = sum(hits) + matched.reduce((n, p) => n + p.weight * routing.places.title, 0);
    return { type, points, hits };
  });
  scores.sort((a, b) => b.points - a.points);
  const best = scores[0];
  if (!best || best.points === 0) return routing.default_type;
  reasons.push(`Type ${best.type}${best.hits.length ? `: ${list(best.hits)}` : ', by how the title begins'}`);
  return best.type;
}

function chooseComplexity(
  routing: Routing,
  type: string,
  places: Places,
  reasons: string[],
): Classification['complexity'] {
  const base = routing.types[type]?.complexity ?? 2;
  const text = `${places.title}\n${places.description}`;
  let points = base;
  const because = [`${base} for ${type}`];
  for (const rule of routing.complexity) {
    if (!new RegExp(rule.pattern, CASE).test(text)) continue;
    points += rule.add;
    because.push(`${rule.add > 0 ? '+' : ''}${rule.add} ${rule.because}`);
  }
  const complexity = Math.min(5, Math.max(1, points)) as Classification['complexity'];
  reasons.push(`Complexity ${complexity}: ${because.join(', ')}`);
  return complexity;
}

const round = (n: number) => Math.round(n * 100) / 100;

/** The keyword rules as a Classifier; the catalogue is read at each task, so an edited file counts at once. */
export function keywordClassifier(words: () => Words): Classifier {
  return { name: 'keywords', classify: async (task) => classifyByKeywords(words(), task) };
}
