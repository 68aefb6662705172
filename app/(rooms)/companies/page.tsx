import { CompaniesPage } from '#components/companies/companies-page.tsx';

export default function Page() {
  return <CompaniesPage />;
}
