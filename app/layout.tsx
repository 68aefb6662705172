import './globals.css';
import { GeistMono } from 'geist/font/mono';
import { GeistSans } from 'geist/font/sans';
import type { Metadata, Viewport } from 'next';
import { cookies, headers } from 'next/headers';
import type { ReactNode } from 'react';
import { themeCookie, themeScript } from '#components/frame/theme.ts';

export const metadata: Metadata = {
  title: { default: 'Mission Control', template: '%s · Mission Control' },
  description: 'What the factory builds, where it waits, and what it needs from you.',
  icons: { icon: '/icon.svg', apple: '/icons/192.png' },
};
export const viewport: Viewport = { width: 'device-width', initialScale: 1, colorScheme: 'dark light' };

export default async function RootLayout({ children }: { children: ReactNode }) {
  const nonce = (await headers()).get('x-nonce') ?? undefined;
  const chosen = (await cookies()).get(themeCookie)?.value;
  const theme = chosen === 'light' || chosen === 'dark' ? chosen : undefined;
  return (
    <html
      lang="en"
      data-theme={theme ?? 'dark'}
      className={`${GeistSans.variable} ${GeistMono.variable}`}
      suppressHydrationWarning
    >
      <head>
        {theme ? null : (
          // Until somebody chooses, follow the system before the first paint.
          // biome-ignore lint/security/noDangerouslySetInnerHtml: a constant of ours; text would be escaped
          <script nonce={nonce} dangerouslySetInnerHTML={{ __html: themeScript }} suppressHydrationWarning />
        )}
      </head>
      <body>{children}</body>
    </html>
  );
}
