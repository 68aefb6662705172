'use client';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useDeferredValue, useState } from 'react';
import type { SafetyView } from '#server/domain/safety.ts';
import { useTRPC } from '../live/trpc.ts';
import { Chip } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';

/** One line, and what it would meet. */
export function Try({ projects }: { projects: SafetyView['projects'] }) {
  const trpc = useTRPC();
  const [text, setText] = useState('');
  const [projectId, setProject] = useState<string | null>(null);
  const asked = useDeferredValue(text.trim());
  const held = useQuery(
    trpc.safety.try.queryOptions(
      { text: asked, projectId },
      { enabled: asked.length > 2, placeholderData: keepPreviousData },
    ),
  );
  return (
    <section aria-labelledby="try">
      <h3 id="try">Try a sentence</h3>
      <div className="form-row">
        <input
          className="field grow"
          aria-label="Sentence to try"
          placeholder="Transfer 5000 EUR to the supplier"
          value={text}
          onChange={(e) => setText(e.target.value)}
        />
        <select
          className="field try-project"
          aria-label="In which project"
          value={projectId ?? ''}
          onChange={(e) => setProject(e.target.value || null)}
        >
          <option value="">No project</option>
          {projects.map((p) => (
            <option key={p.id} value={p.id}>
              {p.name}
            </option>
          ))}
        </select>
      </div>
      <p className="try-answer" role="status">
        {asked.length <= 2 || held.data === undefined ? (
          <span className="m">English, Bosnian and Norwegian are read; so are disguised letters.</span>
        ) : held.data ? (
          <>
            <Chip shape="yours" word={`Held by ${held.data.pattern}`} />{' '}
            <span className="m">{plain(held.data.reason)}</span>
          </>
        ) : (
          <Chip shape="done" word="Agents may start on it" />
        )}
      </p>
    </section>
  );
}
