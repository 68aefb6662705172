'use client';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { PromptsView } from '#server/domain/views/prompt.ts';
import type { TaskView } from '#server/domain/views/task.ts';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { Button, Tag } from '../ui/button.tsx';
import { count, plural } from '../ui/format.ts';
import { plain } from '../ui/plain.ts';
import { Scroll } from '../ui/scroll.tsx';
import { Failure, Skeleton } from '../ui/states.tsx';

type Prompt = PromptsView[number];
type Part = Prompt['parts'][number];

/** The whole prompt as the model was sent it, for the clipboard. */
function sent(prompt: Prompt): string {
  const place = (p: Part['place']) =>
    prompt.parts
      .filter((x) => x.place === p)
      .map((x) => x.text)
      .join('\n\n');
  return `[system]\n${place('system')}\n\n[tools]\n${place('tools')}\n\n[user]\n${place('user')}\n`;
}

function PartView({ part, open }: { part: Part; open: boolean }) {
  const share = Math.min(1, part.tokens / Math.max(1, part.budget));
  const used = `${count(part.tokens)} of ${count(part.budget)} tokens`;
  return (
    <details className="file" open={open}>
      <summary>
        <span className="cut grow">
          {part.title}
          {part.trusted ? null : <span className="m"> fenced as data</span>}
          {part.place === 'tools' ? <span className="m"> beside the messages</span> : null}
        </span>
        {part.trimmed ? <Tag title={part.trimmed}>trimmed</Tag> : null}
        <span className="fill" aria-hidden="true">
          <span style={{ inlineSize: `${Math.max(3, share * 100)}%` }} />
        </span>
        <span className="n m tokens" title={used}>
          {count(part.tokens)} / {count(part.budget)}
        </span>
      </summary>
      <div className="gate-body">
        {part.trimmed ? <p className="m">Trimmed to keep its budget: {part.trimmed}.</p> : null}
        <Scroll label={`Text of ${part.title}`}>
          <pre>{plain(part.text)}</pre>
        </Scroll>
      </div>
    </details>
  );
}

function OnePrompt({ prompt }: { prompt: Prompt }) {
  const [copied, setCopied] = useState<'no' | 'yes' | 'refused'>('no');
  const total = prompt.parts.reduce((n, p) => n + p.tokens, 0);
  const trimmed = prompt.parts.filter((p) => p.trimmed !== null).length;
  const copy = async () => {
    const done = await navigator.clipboard.writeText(sent(prompt)).then(
      () => 'yes' as const,
      () => 'refused' as const,
    );
    setCopied(done);
  };
  return (
    <>
      <div className="prompt-head">
        <p className="m grow">
          About {count(total)} of {count(prompt.context)} tokens of {prompt.model}
          {trimmed > 0 ? `, ${plural(trimmed, 'part')} trimmed` : ''}. Exactly as sent, secrets masked.
        </p>
        <Button small onClick={() => void copy()}>
          {copied === 'yes' ? 'Copied' : copied === 'refused' ? 'Not allowed here' : 'Copy'}
        </Button>
      </div>
      {prompt.parts.map((p) => (
        <PartView key={p.name} part={p} open={false} />
      ))}
    </>
  );
}

/** What the agent was told when each step began, part by part. */
export function Prompt({ task }: { task: TaskView }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.tasks.prompts.queryOptions({ id: task.id }));
  const [chosen, setChosen] = useState<string | null>(null);
  if (query.error && !query.data)
    return <Failure error={refusalOf(query.error)} retry={() => void query.refetch()} />;
  if (!query.data)
    return (
      <div className="p-4">
        <Skeleton className="h-48" />
      </div>
    );
  const keyOf = (p: Prompt) => `${p.attemptId} ${p.stepKey}`;
  const shown = query.data.find((p) => keyOf(p) === chosen) ?? query.data[0];
  if (!shown)
    return (
      <p className="p-4 text-muted">
        No agent was told anything yet. The prompt shows here when the first step begins.
      </p>
    );
  const many = new Set(query.data.map((p) => p.attempt)).size > 1;
  return (
    <section className="prompt" aria-label="Prompt">
      <fieldset className="prompt-steps">
        <legend className="sr-only">Step</legend>
        {query.data.map((p) => (
          <button
            key={keyOf(p)}
            type="button"
            className="btn small"
            aria-pressed={p === shown}
            onClick={() => setChosen(keyOf(p))}
          >
            {p.stepKey}
            {many ? <span className="n m">{p.attempt}</span> : null}
          </button>
        ))}
      </fieldset>
      <OnePrompt key={keyOf(shown)} prompt={shown} />
    </section>
  );
}
