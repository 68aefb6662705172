'use client';
import { useEffect, useMemo, useRef, useState } from 'react';
import { sentence } from '#server/domain/sentence.ts';
import type { TaskView } from '#server/domain/views/task.ts';
import { useKeys } from '../frame/keys.ts';
import { Button } from '../ui/button.tsx';
import { clock, count, plural } from '../ui/format.ts';
import { Chip, Mark } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';
import { Scroll } from '../ui/scroll.tsx';
import { Skeleton } from '../ui/states.tsx';
import { Age } from '../ui/time.tsx';
import { StopButton } from './actions.tsx';
import { type Call, endOf, foldedName, type Line, linesOf } from './transcript-words.ts';
import { useTranscript } from './use-transcript.ts';

function Body({ call }: { call: Call }) {
  const given = call.args.content ?? call.args.text ?? call.args.newText ?? call.args.new;
  const shown = typeof given === 'string' && given ? given : '';
  if (!shown && !call.output && Object.keys(call.args).length === 0) return <pre>No output.</pre>;
  return (
    <pre>
      {shown ? `${plain(shown)}\n` : ''}
      {call.output
        ? plain(call.output)
        : shown
          ? ''
          : call.done
            ? JSON.stringify(call.args, null, 1)
            : 'Waits for the result.'}
    </pre>
  );
}

function End({ call }: { call: Call }) {
  if (!call.done) return <Chip shape="running" word="Running" />;
  if (!call.ok || (call.exitCode !== null && call.exitCode !== 0))
    return <Chip shape="failed" word={endOf(call)} />;
  if (call.added !== null || call.removed !== null)
    return (
      <>
        <span className="n plus">+{count(call.added ?? 0)}</span>
        <span className="n minus">−{count(call.removed ?? 0)}</span>
      </>
    );
  return <span className="n m">{endOf(call)}</span>;
}

function Calls({ line, unfold }: { line: Extract<Line, { kind: 'calls' }>; unfold: boolean }) {
  const [only] = line.calls;
  const single = line.calls.length === 1 && only;
  return (
    <details className="call" open={unfold}>
      <summary>
        <span className="n">{foldedName(line.calls)}</span>
        <span className={`cut grow ${single ? 'n' : 'm'}`}>
          {plain(line.calls.map((c) => c.about).join(', '))}
        </span>
        {single ? <End call={only} /> : null}
      </summary>
      {line.calls.map((c) => (
        <div key={c.seq}>
          {single ? null : (
            <p className="n m px-8 pt-2">
              {c.name} {plain(c.about)}
            </p>
          )}
          <Body call={c} />
        </div>
      ))}
    </details>
  );
}

function Say({ line, unfold }: { line: Line; unfold: boolean }) {
  if (line.kind === 'calls') return <Calls line={line} unfold={unfold} />;
  if (line.kind === 'gate')
    return (
      <p>
        <span className="who">Harness · {clock(line.at)}</span>
        <span className={`chip ${line.ok ? 'done' : 'failed'} whitespace-normal!`}>
          <Mark shape={line.ok ? 'done' : 'failed'} />
          <span className="text-body text-text">
            Gate {line.gate} {line.ok ? 'passed' : 'failed'}
            {line.tryNumber > 1 ? `, try ${line.tryNumber}` : ''}. {plain(line.detail)}
          </span>
        </span>
      </p>
    );
  if (line.kind === 'error')
    return (
      <p>
        <span className="who">Harness · {clock(line.at)}</span>
        <span className="chip failed whitespace-normal!">
          <Mark shape="failed" />
          <span className="text-body text-text">
            {plain(sentence(line.message))} {plain(line.hint)}
          </span>
        </span>
      </p>
    );
  return (
    <p className="say-text">
      <span className="who">
        {line.who} · {clock(line.at)}
      </span>
      {plain(line.text)}
      {line.streaming ? <i className="caret" aria-hidden="true" /> : null}
    </p>
  );
}

/** What the agent said and did, as it happens; calls are folded, the view follows only while asked. */
export function Transcript({ task }: { task: TaskView }) {
  const last = task.attempts[task.attempts.length - 1] ?? null;
  const [picked, setPicked] = useState<number | null>(null);
  const attempt = task.attempts.find((a) => a.id === picked) ?? last;
  const { entries, live, failed } = useTranscript(task.id, attempt?.id ?? null);
  const lines = useMemo(() => linesOf(entries, task.company), [entries, task.company]);
  const [unfold, setUnfold] = useState(false);
  const [follow, setFollow] = useState(true);
  const log = useRef<HTMLDivElement>(null);

  useKeys({ o: () => setUnfold((on) => !on), f: () => setFollow((on) => !on) });
  // biome-ignore lint/correctness/useExhaustiveDependencies: every new line is a reason to follow
  useEffect(() => {
    if (follow && live && log.current) log.current.scrollTop = log.current.scrollHeight;
  }, [lines, follow, live]);

  const folded = lines.filter((l) => l.kind === 'calls').length;
  return (
    <section className="talk" aria-label="Transcript">
      <header>
        <h2>Transcript</h2>
        {attempt ? (
          task.attempts.length > 1 ? (
            <select
              className="field small w-auto!"
              aria-label="Attempt"
              value={attempt.id}
              onChange={(e) => setPicked(Number(e.target.value))}
            >
              {task.attempts.map((a) => (
                <option key={a.id} value={a.id}>
                  Attempt {a.n} on {a.host.toUpperCase()}
                </option>
              ))}
            </select>
          ) : (
            <span className="m cut">
              Attempt {attempt.n} · {attempt.model}
            </span>
          )
        ) : null}
        <span className="end" />
        {folded > 0 ? (
          <Button small hint="o" aria-pressed={unfold} onClick={() => setUnfold(!unfold)}>
            {unfold ? 'Fold all' : 'Unfold all'}
          </Button>
        ) : null}
        <StopButton task={task} small />
      </header>
      <Scroll className="log" ref={log} role="log" label="What the agent said and did">
        {attempt?.scripted ? (
          <p className="banner rounded-md border border-line">
            <span>
              <b>Scripted, no model was called.</b> The tool calls below really ran.
            </span>
          </p>
        ) : null}
        {attempt === null ? (
          <p className="text-muted">
            No agent has started.{' '}
            {task.waits
              ? sentence(task.waits)
              : task.commands.includes('start')
                ? 'Start it to queue it now.'
                : ''}
          </p>
        ) : lines.length === 0 ? (
          live || entries.length > 0 ? (
            <p className="text-muted">The agent has started and has not said anything yet.</p>
          ) : failed ? (
            <p className="text-muted">The transcript cannot be read now. It is asked again by itself.</p>
          ) : (
            <Skeleton className="h-24 flex-none" />
          )
        ) : (
          lines.map((line) => <Say key={line.seq} line={line} unfold={unfold} />)
        )}
      </Scroll>
      <footer>
        {live && attempt ? (
          <Chip
            shape={task.status.look === 'stale' ? 'stale' : 'running'}
            word={task.status.look === 'stale' ? task.status.word : 'Live'}
          >
            {attempt.heardAt ? (
              <span>
                heard <Age since={attempt.heardAt} /> ago
              </span>
            ) : null}
          </Chip>
        ) : (
          <span className="m cut">
            {attempt?.error ?? (attempt ? 'This attempt has ended.' : 'Nothing runs.')}
          </span>
        )}
        {folded > 0 && !unfold ? (
          <span className="m tablet">{plural(folded, 'tool line')} folded</span>
        ) : null}
        <span className="end" />
        {live ? (
          <Button
            small
            hint="f"
            aria-pressed={follow}
            className={follow ? 'held' : ''}
            onClick={() => setFollow(!follow)}
          >
            {follow ? 'Following' : 'Follow'}
          </Button>
        ) : null}
      </footer>
    </section>
  );
}
