import { SafetyPage } from '#components/safety/safety-page.tsx';

export default function Page() {
  return <SafetyPage />;
}
