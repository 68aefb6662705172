import { NotificationsPage } from '#components/notices/notifications-page.tsx';

export default function Page() {
  return <NotificationsPage />;
}
