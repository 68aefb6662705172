import { QueuePage } from '#components/human-queue/queue-page.tsx';

export default function Page() {
  return <QueuePage />;
}
