import { YouPage } from '#components/settings/you-page.tsx';

export default function Page() {
  return <YouPage />;
}
