import { DecisionsPage } from '#components/human-queue/decisions-page.tsx';

export default function Page() {
  return <DecisionsPage />;
}
