import { type Command, InvalidArgumentError, Option } from 'commander';
import { answerName, kindWords, needsReason } from '#server/domain/answers.ts';
import { AlaiError } from '#server/domain/errors.ts';
import { money } from '#server/domain/money.ts';
import type { CaseView } from '#server/domain/views/question.ts';
import { type Answer, answers, type EscalationItem, escalationKinds } from '#server/domain/views/queue.ts';
import { api } from './client.ts';
import { ageText } from './format.ts';
import { exits, isJson, print } from './output.ts';

const words: Record<Answer, { verb: string; what: string }> = {
  approve: { verb: 'approve', what: 'let it go on' },
  send_back: { verb: 'send-back', what: 'back to the agents with a note, or the second way to go on' },
  reject: { verb: 'reject', what: 'end it' },
};

function questionNumber(value: string): number {
  const n = Number(value);
  if (Number.isInteger(n) && n > 0) return n;
  throw new InvalidArgumentError('a question is a number: see npx alai queue');
}
function limitOf(value: string): number {
  const n = Number(value);
  if (Number.isInteger(n) && n > 0 && n <= 1_000) return n;
  throw new InvalidArgumentError('a number from 1 to 1000');
}

const line = (i: EscalationItem, now: Date) =>
  [
    String(i.id).padStart(5),
    kindWords[i.kind].padEnd(20),
    ageText(now.getTime() - i.askedAt.getTime()).padStart(4),
    i.blocks > 0 ? `blocks ${i.blocks}` : '',
    i.taskId ? `#${i.taskId}` : '',
    i.title,
    i.assigned ? `(${i.assigned.name})` : '',
  ]
    .filter(Boolean)
    .join('  ');

/** The command that gives an answer to exactly what is shown; the first answer it takes unless one is meant. */
function howTo(v: CaseView, meant?: Answer): string {
  const answer = meant ?? answers.find((a) => v.consequences[a] !== null) ?? 'reject';
  const reason = needsReason(v.kind, answer) ? ' --reason "…"' : '';
  return `npx alai ${words[answer].verb} ${v.id}${reason} --seen ${v.digest.slice(0, 7)}`;
}

/** A question as one reads it before answering; the digest at its foot is what an answer is bound to. */
function caseText(v: CaseView, now = new Date()): string {
  const put = (label: string, value: string | null | undefined) =>
    value ? [`${label.padEnd(11)}${value}`] : [];
  const from = [
    v.askedBy.stage,
    v.askedBy.attempt ? `attempt ${v.askedBy.attempt}` : null,
    v.askedBy.host ? `on ${v.askedBy.host.toUpperCase()}` : null,
  ].filter(Boolean);
  const given = v.decision ?? v.pending;
  return [
    `Question ${v.id}  ${v.question}`,
    '',
    ...put(
      'State',
      given
        ? `${answerName(v.kind, given.answer).did} by ${given.by}${given.note ? `: ${given.note}` : ''}${v.pending ? ' (not final yet)' : ''}`
        : v.state === 'WITHDRAWN'
          ? `withdrawn: ${v.withdrawn}`
          : `waits since ${ageText(now.getTime() - v.askedAt.getTime())}, asked ${v.askedTimes === 1 ? 'once' : `${v.askedTimes} times`}`,
    ),
    ...put('About', kindWords[v.kind]),
    ...put('Task', v.task ? `#${v.task.id} ${v.task.title}` : null),
    ...put('Asked by', [v.askedBy.who, from.join(', ')].filter(Boolean).join(', ')),
    ...put('Why', v.why),
    ...put('Text', v.text),
    ...put('Size', v.size ? `${v.size.files} files, +${v.size.added} -${v.size.removed}` : null),
    ...put('Spent', v.spent ? `${money(v.spent.chain.eur)}, ${v.spent.chain.tokens} tokens so far` : null),
    ...put(
      'Next',
      v.next
        ? v.next.eur === null
          ? `${v.next.stage}; no history of what it costs`
          : `${v.next.stage}, about ${money(v.next.eur)} (median of ${v.next.from})`
        : null,
    ),
    ...put('Blocks', v.blockedTasks.map((t) => `#${t.id}`).join(', ')),
    ...put('Given to', v.assigned?.name),
    ...v.evidence.map((e) => `  ${e.ok === null ? '·' : e.ok ? '✓' : '✕'} ${e.observed}: ${e.text}`),
    ...v.findings.map((f) => `  ${f.severity}: ${f.title}${f.file ? ` (${f.file})` : ''}`),
    ...v.similar.map(
      (d) =>
        `  alike: ${d.title}, ${answerName(d.kind, d.answer).did} by ${d.by}, ${d.outcome}${d.regretted ? ' (!)' : ''}`,
    ),
    ...(v.state === 'OPEN'
      ? [
          '',
          ...answers.flatMap((a) =>
            v.consequences[a]
              ? [`${words[a].verb.padEnd(11)}${answerName(v.kind, a).name}: ${v.consequences[a]}`]
              : [],
          ),
          '',
          `Answer with  ${howTo(v)}`,
        ]
      : []),
  ].join('\n');
}

/** `alai queue`, and the three answers: shown first, then decided, bound to what was shown. */
export function registerQueueCommands(program: Command): void {
  const queue = program.command('queue').description('what waits for a human: list, show, undo, decisions');
  queue
    .command('list', { isDefault: true })
    .description('what waits, the most urgent first')
    .addOption(new Option('--kind <kind>').choices(escalationKinds))
    .option('--mine', 'only what was given to me')
    .option('--search <words>', 'only what holds these words', '')
    .option('--limit <n>', 'how many', limitOf, 50)
    .action(async (o: { kind?: EscalationItem['kind']; mine?: boolean; search: string; limit: number }) => {
      const me = o.mine ? await api().me.get.query() : null;
      const found = await api().queue.list.query({
        kind: o.kind ?? null,
        assignedTo: me?.id ?? null,
        q: o.search,
        limit: o.limit,
      });
      const now = new Date();
      print({ total: found.total, open: found.open }, () =>
        found.open.length > 0
          ? [
              ...found.open.map((i) => line(i, now)),
              ...(found.total > found.open.length ? [`and ${found.total - found.open.length} more`] : []),
            ].join('\n')
          : 'Nothing needs you.',
      );
    });
  queue
    .command('show')
    .description('one question with all that is needed to decide it')
    .argument('<question>', 'number', questionNumber)
    .action(async (id: number) => {
      const view = await api().queue.get.query({ id });
      print(view, () => caseText(view));
    });
  queue
    .command('undo')
    .description('take an answer back while its ten seconds run')
    .argument('<question>', 'number', questionNumber)
    .action(async (id: number) => {
      await api().queue.undo.mutate({ id });
      print({ id, undone: true }, () => `Question ${id} waits again.`);
    });
  queue
    .command('decisions')
    .description('what was answered, newest first, and what became of it')
    .option('--search <words>', 'words of the question or the reason, or a task number', '')
    .option('--limit <n>', 'how many', limitOf, 50)
    .action(async (o: { search: string; limit: number }) => {
      const page = await api().queue.history.query({ q: o.search, limit: Math.min(200, o.limit) });
      print(page, () =>
        page.items.length > 0
          ? page.items
              .map((d) =>
                [
                  String(d.id).padStart(5),
                  d.at.toISOString().slice(0, 16).replace('T', ' '),
                  answerName(d.kind, d.answer).did.padEnd(9),
                  d.outcome.padEnd(11),
                  `${d.taskId ? `#${d.taskId} ` : ''}${d.title}`,
                  `${d.by}${d.note ? `: ${d.note}` : ''}`,
                ].join('  '),
              )
              .join('\n')
          : 'No decision is like this.',
      );
    });

  for (const answer of answers) {
    const { verb, what } = words[answer];
    program
      .command(verb)
      .description(`${what}: ${verb} a question of the queue`)
      .argument('<question>', 'number', questionNumber)
      .option('--reason <text>', 'why; the agents read it', '')
      .option('--seen <digest>', 'what `alai queue show` showed; an answer is bound to it')
      .action(async (id: number, o: { reason: string; seen?: string }) => {
        const view = await api().queue.get.query({ id });
        if (!o.seen) {
          // Shown first: nobody answers from here what he has not seen.
          if (isJson())
            throw new AlaiError(
              'BAD_INPUT',
              'An answer is bound to what was seen.',
              `Give --seen ${view.digest}, from alai queue show ${id} --json.`,
            );
          print(
            view,
            () => `${caseText(view)}\n\nNothing was decided. To ${verb} this:  ${howTo(view, answer)}`,
          );
          process.exitCode = exits.usage;
          return;
        }
        if (o.seen.length < 7 || (!view.digest.startsWith(o.seen) && view.state === 'OPEN'))
          throw new AlaiError(
            'DIGEST_CHANGED',
            'This is not what is shown now.',
            `Look again: npx alai queue show ${id}`,
          );
        const { effectiveAt } = await api().queue.decide.mutate({
          id,
          answer,
          digest: view.digest,
          note: o.reason,
        });
        print({ id, answer, effectiveAt }, () =>
          [
            `Question ${id}: ${answerName(view.kind, answer).name}. It takes effect at ${effectiveAt.toISOString().slice(11, 19)} UTC;`,
            `until then npx alai queue undo ${id} takes it back.`,
          ].join(' '),
        );
      });
  }
}
