'use client';
import Link from 'next/link';
import type { EscalationView } from '#server/domain/views.ts';
import { Changes } from '../changes/changes.tsx';
import { Tag } from '../ui/button.tsx';
import { EvidenceBadge } from '../ui/evidence.tsx';
import { count, took } from '../ui/format.ts';
import { Chip, Mark } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';
import { Scroll } from '../ui/scroll.tsx';
import { Age } from '../ui/time.tsx';
import { place } from '../ui/words.ts';
import { answerWords, kindWords } from './words.ts';

/** The one decision: the question, why it is yours, what proves it and what changes. */
export function Case({ view, onBack }: { view: EscalationView; onBack: () => void }) {
  const given = view.decision ?? view.pending;
  return (
    <Scroll className="case" label="Decision">
      <button type="button" className="btn small sm:hidden mb-3" onClick={onBack}>
        All decisions
      </button>
      <div>
        {given ? (
          <Chip
            pill
            shape={answerWords[given.answer].look}
            word={`${answerWords[given.answer].did.charAt(0).toUpperCase()}${answerWords[given.answer].did.slice(1)}`}
          >
            <span>by {given.by}</span>
          </Chip>
        ) : view.state === 'WITHDRAWN' ? (
          <Chip pill shape="cancelled" word="Withdrawn" />
        ) : (
          <Chip pill shape="yours" word="Yours">
            <span>
              · <Age since={view.askedAt} />
              {view.blockedTasks.length > 0
                ? ` · blocks ${view.blockedTasks.map((t) => `#${t.id}`).join(' and ')}`
                : ''}
            </span>
          </Chip>
        )}
      </div>
      <h2>{plain(view.question)}</h2>
      <p className="m">
        {view.taskId ? (
          <>
            <Link className="n underline" href={`/tasks/${view.taskId}`}>
              #{view.taskId}
            </Link>
            {' · '}
          </>
        ) : null}
        {[
          view.task ? plain(view.task.title) : '',
          kindWords[view.kind],
          place({ company: view.company, tier: view.tier, host: null }),
        ]
          .filter(Boolean)
          .join(' · ')}
        {view.pipelineId ? (
          <>
            {' · '}
            <Link className="underline" href={`/pipelines/${view.pipelineId}`}>
              pipeline #{view.pipelineId}
            </Link>
          </>
        ) : null}
      </p>
      <h3>Why you</h3>
      <p className="quote">{plain(view.why)}</p>
      {view.text ? (
        <>
          <h3>The task says</h3>
          <p className="quote">{plain(view.text)}</p>
        </>
      ) : null}
      {view.evidence.length > 0 ? (
        <>
          <h3>Evidence</h3>
          <ul className="case-rows">
            {view.evidence.map((e) => (
              <li key={`${e.observed}${e.text}`}>
                <EvidenceBadge source={e.observed} />
                <span className={`flex ${e.ok === null ? 'none' : e.ok ? 'done' : 'failed'}`}>
                  <Mark
                    shape={e.ok === null ? 'none' : e.ok ? 'done' : 'failed'}
                    label={e.ok === null ? 'not checked' : e.ok ? 'passed' : 'failed'}
                  />
                </span>
                <span className="grow">{plain(e.text)}</span>
                <span className="n m">{e.ms === null ? (e.ok === null ? 'no check' : '') : took(e.ms)}</span>
              </li>
            ))}
          </ul>
        </>
      ) : null}
      {view.findings.length > 0 ? (
        <>
          <h3>
            Findings <span className="n">{count(view.findings.length)}</span>
          </h3>
          <ul className="case-rows">
            {view.findings.map((f) => (
              <li key={f.id}>
                <Tag>{f.severity}</Tag>
                <span className="grow" title={plain(f.detail)}>
                  {plain(f.title)}
                </span>
                {f.file ? (
                  <span className="n m">{`${plain(f.file)}${f.line ? `:${f.line}` : ''}`}</span>
                ) : null}
              </li>
            ))}
          </ul>
        </>
      ) : null}
      {view.changes && view.changes.files.length > 0 ? (
        <>
          <h3>Changes</h3>
          <div className="case-changes">
            <Changes changes={view.changes} open={false} />
          </div>
        </>
      ) : null}
      {view.consequences.approve && !given ? (
        <>
          <h3>After approval</h3>
          <p>{plain(view.consequences.approve)}</p>
        </>
      ) : null}
      {given?.note ? (
        <>
          <h3>Reason given</h3>
          <p className="quote">{plain(given.note)}</p>
        </>
      ) : null}
    </Scroll>
  );
}
