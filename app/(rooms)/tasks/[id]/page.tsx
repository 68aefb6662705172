import { notFound } from 'next/navigation';
import { TaskPage } from '#components/task/task-page.tsx';

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const id = Number((await params).id);
  if (!Number.isSafeInteger(id) || id < 1) notFound();
  return <TaskPage key={id} id={id} />;
}
