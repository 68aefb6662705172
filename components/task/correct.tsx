'use client';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { toast } from 'sonner';
import type { Route } from '#server/domain/views/routing.ts';
import type { TaskView } from '#server/domain/views/task.ts';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { Button } from '../ui/button.tsx';

function useCorrect(task: TaskView) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  return useMutation(
    trpc.routing.correct.mutationOptions({
      onSuccess: ({ applied }) => {
        toast(applied ? `#${task.id} is routed so now` : 'Remembered for similar tasks');
        void queries.invalidateQueries({ queryKey: [['tasks']] });
        void queries.invalidateQueries({ queryKey: [['routing']] });
      },
    }),
  );
}

/** What people did with tasks like this one, with one click to do it here. */
export function RouteOffer({ task }: { task: TaskView }) {
  const trpc = useTRPC();
  const offer = useQuery(trpc.routing.suggestion.queryOptions({ taskId: task.id }, { retry: false }));
  const correct = useCorrect(task);
  if (!offer.data) return null;
  const { company, complexity, text } = offer.data;
  return (
    <p className="route-offer">
      <span>{text}</span>
      <Button
        small
        disabled={correct.isPending}
        onClick={() => correct.mutate({ taskId: task.id, company, complexity })}
      >
        Use it
      </Button>
      {correct.error ? <span className="refused">{refusalOf(correct.error).message}</span> : null}
    </p>
  );
}

/** Says who should have got it, or how hard it is: remembered, and done while nobody has begun. */
export function CorrectRoute({ task, route }: { task: TaskView; route: Route }) {
  const trpc = useTRPC();
  const companies = useQuery(trpc.companies.list.queryOptions(undefined, { staleTime: 60_000 }));
  const [company, setCompany] = useState('');
  const [complexity, setComplexity] = useState('');
  const correct = useCorrect(task);
  const able = (companies.data?.companies ?? []).filter((c) => c.status === 'active').map((c) => c.name);
  const submit = (e: FormEvent) => {
    e.preventDefault();
    correct.mutate(
      { taskId: task.id, company: company || null, complexity: complexity ? Number(complexity) : null },
      {
        onSuccess: () => {
          setCompany('');
          setComplexity('');
        },
      },
    );
  };
  return (
    <form className="route-correct" onSubmit={submit} aria-label="Correct the route">
      <label>
        Company
        <select className="field small" value={company} onChange={(e) => setCompany(e.target.value)}>
          <option value="">{route.company}</option>
          {able
            .filter((name) => name !== route.company)
            .map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
        </select>
      </label>
      <label>
        Complexity
        <select className="field small" value={complexity} onChange={(e) => setComplexity(e.target.value)}>
          <option value="">{route.complexity}</option>
          {[1, 2, 3, 4, 5]
            .filter((n) => n !== route.complexity)
            .map((n) => (
              <option key={n} value={n}>
                {n}
              </option>
            ))}
        </select>
      </label>
      <Button type="submit" small disabled={correct.isPending || (!company && !complexity)}>
        Correct
      </Button>
      {correct.error ? (
        <p className="refused m" role="alert">
          {refusalOf(correct.error).message} {refusalOf(correct.error).hint}
        </p>
      ) : null}
    </form>
  );
}
