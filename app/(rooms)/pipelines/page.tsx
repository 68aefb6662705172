import { PipelinesPage } from '#components/pipeline-graph/pipelines-page.tsx';

export default function Page() {
  return <PipelinesPage />;
}
