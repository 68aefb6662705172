import { PeoplePage } from '#components/settings/people-page.tsx';

export default function Page() {
  return <PeoplePage />;
}
