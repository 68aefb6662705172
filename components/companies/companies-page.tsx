'use client';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import type { CompanyRow } from '#server/domain/views/company.ts';
import { useTitle } from '../frame/frame.tsx';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { plural } from '../ui/format.ts';
import { Chip } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';
import { Empty, Failure, Skeleton } from '../ui/states.tsx';
import { Problems } from './problems.tsx';
import { percent, standing } from './words.ts';

const groups: { title: string; says: string; has: CompanyRow['status'][] }[] = [
  { title: 'Active', says: '', has: ['active', 'broken'] },
  { title: 'Meta', says: 'called by name, never given a build', has: ['meta'] },
  { title: 'Merged', says: 'their tasks go to the heir', has: ['merged'] },
  { title: 'Switched off', says: 'given no tasks', has: ['inactive'] },
];

function Row({ company: c }: { company: CompanyRow }) {
  const { shape, word } = standing(c);
  const { running, queued, done, successRate, attempts } = c.load;
  const now = [running ? `${running} running` : '', queued ? `${queued} queued` : '']
    .filter(Boolean)
    .join(' · ');
  return (
    <li>
      <Link href={`/companies/${c.name}`} prefetch={false}>
        <span className="name">{c.name}</span>
        <Chip shape={shape} word={word} className="standing" />
        <span className="m cut role">{c.pipelineRole}</span>
        <span className="n m now">{now}</span>
        <span className="n m done-count">{done ? `${done} done` : ''}</span>
        <span
          className="n m rate"
          title={
            successRate === null
              ? undefined
              : `${percent(successRate)} of ${plural(attempts, 'attempt')} succeeded`
          }
        >
          {percent(successRate)}
        </span>
        <span className="m cut says">{plain(c.description)}</span>
        {c.problems > 0 ? <span className="failed flag">{plural(c.problems, 'problem')}</span> : null}
      </Link>
    </li>
  );
}

/** The roster: who there is, what each does now, and what is wrong with the files. */
export function CompaniesPage() {
  useTitle('Companies');
  const trpc = useTRPC();
  // Files change without an event: they are looked at again and again.
  const list = useQuery(trpc.companies.list.queryOptions(undefined, { refetchInterval: 3_000 }));
  if (list.error && !list.data)
    return <Failure error={refusalOf(list.error)} retry={() => void list.refetch()} />;
  if (!list.data)
    return (
      <div className="flex flex-col gap-px p-4" aria-busy="true">
        {Array.from({ length: 16 }, (_, i) => (
          <Skeleton key={String(i)} className="h-8" />
        ))}
      </div>
    );
  const { companies, problems, folder } = list.data;
  const kept = companies.filter((c) => c.kept).map((c) => c.name);
  return (
    <div className="companies">
      <Problems problems={problems} kept={kept} />
      {companies.length === 0 ? (
        <Empty title="There is no company yet.">
          <p>
            A company is a folder: copy one into <code>{folder}</code>, and it appears here.
          </p>
        </Empty>
      ) : null}
      {groups.map(({ title, says, has }) => {
        const rows = companies.filter((c) => has.includes(c.status));
        return rows.length ? (
          <section key={title} aria-label={title}>
            <h2>
              {title} <span className="n">{rows.length}</span>
              {says ? <span className="m">{says}</span> : null}
            </h2>
            <ul>
              {rows.map((c) => (
                <Row key={c.name} company={c} />
              ))}
            </ul>
          </section>
        ) : null;
      })}
      <p className="m foot-note">
        The files are the truth: a company is its folder in <code>companies/</code>. A change counts from the
        next task on, without a restart; running work keeps the version it started with. Check them with{' '}
        <code>npx alai validate</code>.
      </p>
    </div>
  );
}
