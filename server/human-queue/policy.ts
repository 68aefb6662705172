import type { Answer, EscalationKind, EscalationView } from '#server/domain/views.ts';

export interface ConsequenceFacts {
  kind: EscalationKind;
  taskId: number | null;
  /** Chains that wait for this one. */
  blocked: number[];
  files: number;
  project: string | null;
  offered: readonly Answer[];
}

const list = (ids: number[]) => ids.map((id) => `#${id}`).join(' and ');

/** What each answer will do, as its button says it. Null where the question does not take that answer. */
export function consequencesOf(f: ConsequenceFacts): EscalationView['consequences'] {
  const it = f.taskId === null ? 'it' : `#${f.taskId}`;
  const after =
    f.blocked.length > 0
      ? ` ${list(f.blocked)} ${f.blocked.length === 1 ? 'keeps' : 'keep'} waiting and ask${f.blocked.length === 1 ? 's' : ''} you.`
      : '';
  const words: Record<EscalationKind, Record<Answer, string>> = {
    safety: {
      approve: `Lets agents start on ${it}. They see exactly this text; an edit asks you again.`,
      send_back: '',
      reject: `Cancels ${it}. No agent has seen it.${after}`,
    },
    retries: {
      approve: `Tries ${it} again with three fresh attempts, from where it stands.`,
      send_back: `Tries ${it} again, and the agent reads your note first.`,
      reject: `Fails ${it} and ends its chain.${after}`,
    },
    rejects: {
      approve: `Overrules the review: ${it} goes on to the next stage with its findings open.`,
      send_back: `Back to BUILD with your note and the findings; the count of rejects starts anew.`,
      reject: `Cancels the chain of ${it}. Its branches are kept.${after}`,
    },
    merge: {
      approve: `Reviews ${it} again on the moved base and tries to merge.`,
      send_back: `Back to BUILD with your note, to settle the conflict.`,
      reject: `Cancels the chain of ${it}. Nothing is merged, its branches are kept.${after}`,
    },
    question: {
      approve: '',
      send_back: `The agent of ${it} goes on with your answer.`,
      reject: `Fails ${it} and ends its chain.${after}`,
    },
    consent: {
      approve: `Agents may run commands in ${f.project ?? 'this project'} with your rights, without a sandbox, from now on.`,
      send_back: '',
      reject: `Fails ${it}. No command is run.${after}`,
    },
    dependency: {
      approve: `Starts ${it} without what it waits for.`,
      send_back: '',
      reject: `Cancels ${it}.${after}`,
    },
    effect: {
      approve: 'Takes the outside effect as done and goes on.',
      send_back: '',
      reject: `Takes it as not done.${after}`,
    },
    minion: {
      approve: `Merges the branch of ${it}, ${f.files} file${f.files === 1 ? '' : 's'}, as it is. Nobody reviewed it.`,
      send_back: `Back to BUILD with your note, from where it stands.`,
      reject: `Discards ${it}. Its branch lies in the recovery bin for 14 days.${after}`,
    },
  };
  const offer = (a: Answer) => (f.offered.includes(a) ? words[f.kind][a] || null : null);
  return { approve: offer('approve'), send_back: offer('send_back'), reject: offer('reject') };
}

const usual: Record<EscalationKind, string[]> = {
  safety: ['Not now', 'Needs legal advice first', 'Out of scope'],
  retries: ['Split it into smaller tasks', 'The task is unclear', 'Not worth another try'],
  rejects: ['Mend the findings first', 'Smaller change, please', 'Not worth another cycle'],
  merge: ['Rebase by hand', 'The other change wins'],
  question: ['Take the simplest way', 'Leave it as it is'],
  consent: ['Install bubblewrap first', 'Not on this machine'],
  dependency: ['Not needed any more'],
  effect: ['Checked by hand'],
  minion: ['Not what I meant', 'Not needed any more'],
};

/** Reasons to choose from: the findings first, because they are what is wrong. */
export function suggestedReasons(kind: EscalationKind, findings: string[]): string[] {
  return [...findings.slice(0, 3), ...usual[kind]].slice(0, 5);
}
