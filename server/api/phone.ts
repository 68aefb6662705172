import type { Phone, PhoneCard } from '#server/domain/views/phone.ts';
import type { EscalationView } from '#server/domain/views/queue.ts';
import { whyNotAnswer } from '#server/domain/who-answers.ts';
import { readPulse } from '#server/engine/data/phone.ts';
import { readRuns } from '#server/fleet/runs.ts';
import { readTroubles, readWatched } from '#server/fleet/troubles.ts';
import { readEscalation, readQueue } from '#server/human-queue/data.ts';
import type { Viewer } from './auth.ts';
import { createContext } from './context.ts';
import type { Services } from './services.ts';
import { stripOf } from './strip.ts';

/** A phone shows one question at a time and lets its reader leaf to the next few; the rest is in the queue. */
const CARDS = 5;
/** As a person wants them. */
const RESTING: readonly string[] = ['paused', 'draining', 'stopped'];
const EVIDENCE = 3;

const cardOf = (e: EscalationView, refused: string | null): PhoneCard => ({
  id: e.id,
  kind: e.kind,
  question: e.question,
  why: e.why,
  text: e.text,
  digest: e.digest,
  taskId: e.taskId,
  askedAt: e.askedAt,
  blocks: e.blocks,
  files: e.changes?.files.length ?? 0,
  // What failed is what a human must see; of the rest the latest.
  evidence: [...e.evidence]
    .sort((a, b) => Number(a.ok !== false) - Number(b.ok !== false))
    .slice(0, EVIDENCE),
  findings: e.findings.map((f) => ({ severity: f.severity, title: f.title })),
  consequences: e.consequences,
  suggestedReasons: e.suggestedReasons,
  whyNot: refused,
});

/** Everything `/status` shows, in one answer. */
export async function readPhone(s: Services, viewer: Viewer): Promise<Phone> {
  const [strip, pulse, queue, troubles, watched, runs] = await Promise.all([
    stripOf(s),
    readPulse(s.db, s.timing),
    readQueue(s.db),
    readTroubles(s.db.pool),
    readWatched(s.db.pool),
    readRuns(s.db.pool, s.timing),
  ]);
  const cards = await Promise.all(
    queue.open
      .slice(0, CARDS)
      .map(async (e) => cardOf(await readEscalation(s.db, s.timing, e.id), whyNotAnswer(viewer, e.kind))),
  );
  return {
    ...pulse,
    now: strip.now,
    running: strip.running,
    hosts: {
      live: strip.hosts.filter((h) => h.state === 'live').length,
      all: strip.hosts.length,
      resting: strip.hosts.filter((h) => RESTING.includes(h.state)).length,
    },
    stopped: strip.stopped,
    runs,
    troubles: troubles.map(({ title, why, severity }) => ({ title, why, urgent: severity === 'urgent' })),
    watched: watched.map(({ title, since, tellAt }) => ({ title, since, tellAt })),
    needYou: strip.needYou,
    spentTodayEur: strip.spentTodayEur,
    dayBudgetEur: strip.dayBudgetEur,
    tokensToday: strip.tokensToday,
    scripted: strip.scripted,
    cards,
    pending: queue.answered.flatMap((e) =>
      e.pending ? [{ id: e.id, kind: e.kind, taskId: e.taskId, ...e.pending }] : [],
    ),
  };
}

/** The same for the page itself, which is asked by a browser; null for a stranger. */
export async function phoneFor(headers: Headers): Promise<Phone | null> {
  // A link from elsewhere may open the page, so it is asked who this is and not where he came from. Nothing is changed here.
  const who = new Headers({ host: headers.get('host') ?? '', cookie: headers.get('cookie') ?? '' });
  const { viewer, s } = await createContext({ headers: who } as Request);
  return viewer ? await readPhone(s, viewer) : null;
}
