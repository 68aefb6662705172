import { notFound } from 'next/navigation';
import { PipelinePage } from '#components/pipeline-graph/pipeline-page.tsx';

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const id = Number((await params).id);
  if (!Number.isSafeInteger(id) || id < 1) notFound();
  return <PipelinePage id={id} />;
}
