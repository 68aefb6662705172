import type { ReactNode } from 'react';
import { Frame } from '#components/frame/frame.tsx';
import { Providers } from '#components/live/providers.tsx';

export default function RoomsLayout({ children }: { children: ReactNode }) {
  return (
    <Providers>
      <Frame>{children}</Frame>
    </Providers>
  );
}
