import { notFound } from 'next/navigation';
import { CompanyPage } from '#components/companies/company-page.tsx';

export default async function Page({ params }: { params: Promise<{ name: string }> }) {
  const { name } = await params;
  if (!/^[A-Za-z][A-Za-z0-9]{0,59}$/.test(name)) notFound();
  return <CompanyPage key={name} name={name} />;
}
