import type { Metadata, Viewport } from 'next';
import { headers } from 'next/headers';
import { redirect } from 'next/navigation';
import { StatusPage } from '#components/status/status-page.tsx';
import { Unreachable } from '#components/status/unreachable.tsx';
import type { ToldPhone } from '#components/status/wire.ts';
import { phoneFor } from '#server/api/phone.ts';
import { refusalOf } from '#server/api/trpc.ts';

export const metadata: Metadata = {
  title: 'Status',
  appleWebApp: { capable: true, title: 'Mission Control' },
};
export const viewport: Viewport = { width: 'device-width', initialScale: 1, viewportFit: 'cover' };

/** A database that does not answer is said in words; anything else is an error of ours. */
function notAnswering(e: unknown): 'away' {
  const { code } = refusalOf(e instanceof Error && e.cause ? e.cause : e);
  if (code === 'DATABASE_UNREACHABLE') return 'away';
  throw e;
}

/** Drawn on the server with its data, outside the frame of the rooms: a phone gets one screen and little script. */
export default async function Page() {
  const phone = await phoneFor(await headers()).catch(notAnswering);
  if (phone === 'away') return <Unreachable />;
  if (!phone) redirect('/sign-in?next=/status');
  // What a client component is given as a date would come out as another text than the API's.
  return <StatusPage initial={JSON.parse(JSON.stringify(phone)) as ToldPhone} />;
}
