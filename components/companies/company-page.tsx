'use client';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { Tabs } from 'radix-ui';
import type { ReactNode } from 'react';
import type { CompanyDetail, CompanyView } from '#server/domain/views/company.ts';
import { useTitle } from '../frame/frame.tsx';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { plural } from '../ui/format.ts';
import { Chip, Mark } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';
import { Failure, Skeleton } from '../ui/states.tsx';
import { Age } from '../ui/time.tsx';
import { Agents } from './agents.tsx';
import { Blueprints } from './blueprints.tsx';
import { Problems } from './problems.tsx';
import { From, Prose } from './prose.tsx';
import { Routing } from './routing.tsx';
import { Servers } from './servers.tsx';
import { Skills } from './skills.tsx';
import { percent, standing } from './words.ts';

function Row({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function Side({ company: c }: { company: CompanyView }) {
  const { shape, word } = standing(c);
  const { running, queued, needsYou, done, attempts, successRate } = c.load;
  return (
    <section className="company-side" aria-label="Company">
      <p className="m">
        <Link className="underline" href="/companies">
          Companies
        </Link>
        {c.type ? ` · ${c.type}` : ''}
      </p>
      <h2>{c.name}</h2>
      <Chip shape={shape} word={word} pill />
      <p className="mt-3">{plain(c.description)}</p>
      <dl className="kv">
        <Row name="Role">
          {c.pipelineRole || 'none'}
          {c.stages.length && c.stages.join() !== c.pipelineRole ? (
            <span className="m"> · stages {c.stages.join(', ')}</span>
          ) : null}
        </Row>
        <Row name="Field">{c.domain || 'unknown'}</Row>
        {c.detail?.orgNumber ? <Row name="Org number">{c.detail.orgNumber}</Row> : null}
        <Row name="Now">
          <span className="n">{running}</span> running, <span className="n">{queued}</span> queued
          {needsYou ? (
            <>
              , <span className="n">{needsYou}</span> {needsYou === 1 ? 'needs' : 'need'} you
            </>
          ) : null}
        </Row>
        <Row name="Done">
          <span className="n">{done}</span>
          {attempts ? (
            <span className="m">
              {' '}
              · {percent(successRate)} of {plural(attempts, 'attempt')} succeeded
            </span>
          ) : null}
        </Row>
        <Row name="Files">
          <code>{c.folder}/</code>
        </Row>
        {c.detail ? (
          <Row name="Version">
            <code title={c.detail.hash}>{c.detail.hash.slice(0, 12)}</code>
          </Row>
        ) : null}
      </dl>
      <h3>Recent tasks</h3>
      {c.tasks.length === 0 ? (
        <p className="m">None yet{c.mergedInto ? `: they go to ${c.mergedInto}` : ''}.</p>
      ) : (
        <ul className="recent">
          {c.tasks.map((t) => (
            <li key={t.id}>
              <Link href={`/tasks/${t.id}`} prefetch={false} title={plain(t.title)}>
                <Mark shape={t.status.look} label={t.status.word} />
                <span className="n m">#{t.id}</span>
                <span className="cut grow">{plain(t.title)}</span>
                <span className="m">{t.stage ?? ''}</span>
                <span className="n m">
                  <Age since={t.finishedAt ?? t.createdAt} />
                </span>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function parts(
  c: CompanyView,
  d: CompanyDetail,
): { id: string; name: string; n?: number; body: ReactNode }[] {
  const words = d.keywords.reduce((n, k) => n + k.words.length, 0);
  return [
    {
      id: 'identity',
      name: 'Identity',
      body: (
        <>
          <From file={`${c.folder}/CLAUDE.md`} />
          <Prose text={d.identity} />
        </>
      ),
    },
    { id: 'agents', name: 'Agents', n: d.agents.length, body: <Agents detail={d} folder={c.folder} /> },
    { id: 'skills', name: 'Skills', n: d.skills.length, body: <Skills detail={d} /> },
    {
      id: 'blueprints',
      name: 'Blueprints',
      n: d.blueprints.length,
      body: <Blueprints detail={d} company={c.name} />,
    },
    {
      id: 'servers',
      name: 'MCP',
      n: d.mcp.length,
      body: <Servers detail={d} folder={c.folder} company={c.name} />,
    },
    { id: 'routing', name: 'Words', n: words, body: <Routing detail={d} folder={c.folder} /> },
  ];
}

function Banner({ company: c }: { company: CompanyView }) {
  if (c.mergedInto)
    return (
      <p className="company-banner">
        <Mark shape="none" />
        <span>
          {c.name} is merged into{' '}
          <Link className="underline" href={`/companies/${c.mergedInto}`}>
            {c.mergedInto}
          </Link>
          : its tasks go there, and so do its words.
        </span>
      </p>
    );
  if (c.status === 'meta')
    return (
      <p className="company-banner">
        <Mark shape="none" />
        <span>
          {c.name} is a meta company: it can be called by name and in workflows, and is never given a build.
        </span>
      </p>
    );
  return null;
}

/** One company: who it is, who works for it, what they know and are held to, each piece with its file. */
export function CompanyPage({ name }: { name: string }) {
  useTitle(name, 'Companies');
  const trpc = useTRPC();
  const query = useQuery(trpc.companies.get.queryOptions({ name }, { refetchInterval: 3_000 }));
  if (query.error && !query.data)
    return <Failure error={refusalOf(query.error)} retry={() => void query.refetch()} />;
  const company = query.data;
  if (!company)
    return (
      <div className="company-view" aria-busy="true">
        <section className="company-side flex flex-col gap-3">
          <Skeleton className="h-6 w-40" />
          <Skeleton className="h-6 w-24" />
          <Skeleton className="h-40" />
        </section>
        <section className="company-main" />
      </div>
    );
  const tabs = company.detail ? parts(company, company.detail) : [];
  return (
    <div className="company-view">
      <Side company={company} />
      <div className="company-main">
        <Problems problems={company.problemList} kept={company.kept ? [company.name] : []} />
        <Banner company={company} />
        {company.detail ? (
          <Tabs.Root className="company-tabs" defaultValue="identity">
            <Tabs.List className="tabs" aria-label={`Of ${company.name}`}>
              {tabs.map((t) => (
                <Tabs.Trigger key={t.id} value={t.id}>
                  {t.name} {t.n === undefined ? null : <span className="n">{t.n}</span>}
                </Tabs.Trigger>
              ))}
            </Tabs.List>
            {tabs.map((t) => (
              <Tabs.Content key={t.id} value={t.id} className="company-part">
                {t.body}
              </Tabs.Content>
            ))}
          </Tabs.Root>
        ) : (
          <p className="m p-4">There is no good version of its files yet. Mend them, and it appears here.</p>
        )}
      </div>
    </div>
  );
}
