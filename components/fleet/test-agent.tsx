'use client';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { agentCapabilities } from '#server/domain/agents.ts';
import { sentence } from '#server/domain/sentence.ts';
import type { AgentView, TrialView } from '#server/domain/views/agents.ts';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { AskDialog } from '../ui/ask-dialog.tsx';
import { Mark } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';
import { agentKey, agentLabel, trialText } from './agent-words.ts';

const LOOK_MS = 300;

/** What an agent can be given, each said for itself: a filled mark where it can. */
function Abilities({ agent: a }: { agent: AgentView }) {
  return (
    <div className="abilities">
      {a.capabilities === null ? (
        <span className="m">Its server does not say what it can do.</span>
      ) : (
        agentCapabilities.map((c) => {
          const can = a.capabilities?.includes(c) === true;
          return (
            <span key={c} className={can ? 'ability' : 'ability lacks'}>
              <Mark shape={can ? 'done' : 'none'} label={can ? 'Can' : 'Cannot'} /> {c}
            </span>
          );
        })
      )}
      <span className="m">{a.pipelines.join(' → ')}</span>
    </div>
  );
}

function Answer({ trial: t }: { trial: TrialView }) {
  const text = plain(t.answer);
  return (
    <div className="trial" aria-live="polite" aria-busy={t.endedAt === null}>
      {t.scripted ? <p className="trial-note">Scripted. No model was called.</p> : null}
      {t.error ? (
        <p className="trial-note failed">
          <Mark shape="failed" /> <span>{plain(`${sentence(t.error.message)} ${t.error.hint}`)}</span>
        </p>
      ) : null}
      {text ? <pre className="trial-text">{text}</pre> : null}
      <p className="m n">{trialText(t)}</p>
    </div>
  );
}

/** Asks one agent one thing and shows its answer as it comes. No task is made of it. */
export function TestAgent({ onClose }: { onClose: () => void }) {
  const trpc = useTRPC();
  const who = useId();
  const what = useId();
  const [chosen, setChosen] = useState('');
  const [prompt, setPrompt] = useState('');
  const agents = useQuery(trpc.agents.list.queryOptions());
  const ask = useMutation(trpc.agents.test.mutationOptions());
  const trial = useQuery(
    trpc.agents.trial.queryOptions(
      { id: ask.data?.id ?? 0 },
      {
        enabled: ask.data !== undefined,
        refetchInterval: (query) => (query.state.data?.endedAt ? false : LOOK_MS),
      },
    ),
  );
  const usable = (agents.data ?? []).filter((a) => a.usable);
  const others = (agents.data ?? []).filter((a) => !a.usable);
  const agent = usable.find((a) => agentKey(a) === chosen) ?? usable[0];
  const running = ask.isPending || (ask.data !== undefined && !trial.data?.endedAt && !trial.error);
  const refusal = ask.error ?? trial.error ?? agents.error;
  const submit = () => {
    if (agent)
      ask.mutate({ name: agent.name, prompt: prompt.trim(), ...(agent.host ? { host: agent.host } : {}) });
  };
  return (
    <AskDialog
      className="trial-dialog"
      title="Ask one agent"
      says="It answers in an empty folder. No task is made, and the history keeps that you asked."
      leave="Close"
      yes={running ? 'Asking' : 'Ask'}
      ready={agent !== undefined && prompt.trim() !== '' && !running}
      onClose={onClose}
      onYes={submit}
    >
      <div className="flex flex-col gap-1">
        <label className="m" htmlFor={who}>
          Agent
        </label>
        <select
          id={who}
          className="field"
          value={agent ? agentKey(agent) : ''}
          onChange={(e) => setChosen(e.target.value)}
          disabled={usable.length === 0}
        >
          {usable.map((a) => (
            <option key={agentKey(a)} value={agentKey(a)}>
              {plain(agentLabel(a))}
            </option>
          ))}
        </select>
        {agent ? <Abilities agent={agent} /> : null}
      </div>
      {agents.data && usable.length === 0 ? (
        <p className="m">Nobody can be asked now. Start a worker, pull a model, or set a key.</p>
      ) : null}
      <div className="flex flex-col gap-1">
        <label className="m" htmlFor={what}>
          Prompt
        </label>
        <textarea
          id={what}
          className="field"
          rows={3}
          maxLength={8_000}
          value={prompt}
          placeholder="What is 17 × 23? Answer with the number."
          onChange={(e) => setPrompt(e.target.value)}
        />
      </div>
      {refusal ? (
        <p className="trial-note failed">
          <Mark shape="failed" />{' '}
          <span>{plain(`${sentence(refusalOf(refusal).message)} ${refusalOf(refusal).hint}`)}</span>
        </p>
      ) : null}
      {trial.data ? <Answer trial={trial.data} /> : null}
      {others.length > 0 ? (
        <details className="trial-others">
          <summary className="m">{others.length} cannot be asked</summary>
          <ul>
            {others.map((a) => (
              <li key={agentKey(a)}>
                <Mark shape="none" /> <span>{plain(agentLabel(a))}</span>{' '}
                <span className="m">· {plain(a.why)}</span>
              </li>
            ))}
          </ul>
        </details>
      ) : null}
    </AskDialog>
  );
}
