import { SpendPage } from '#components/spend/spend-page.tsx';

export default function Page() {
  return <SpendPage />;
}
