'use client';
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createTRPCClient, httpBatchLink } from '@trpc/client';
import { type ReactNode, useState } from 'react';
import { Toaster } from 'sonner';
import superjson from 'superjson';
import type { AppRouter } from '#server/api/root.ts';
import { LiveProvider } from './live.tsx';
import { goToSignIn, refusalOf } from './refusal.ts';
import { TRPCProvider } from './trpc.ts';

function makeQueries(): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({ onError: goToSignIn }),
    mutationCache: new MutationCache({ onError: goToSignIn }),
    defaultOptions: {
      queries: {
        // The feed says when something changed; until then what is cached is true.
        staleTime: 60_000,
        gcTime: 10 * 60_000,
        retry: (n, e) => n < 4 && refusalOf(e).code === 'UNREACHABLE',
        retryDelay: (n) => Math.min(500 * 2 ** n, 4_000),
      },
    },
  });
}

/** The API, its cache, the live feed and notes, for every page behind the sign-in. */
export function Providers({ children }: { children: ReactNode }) {
  const [queries] = useState(makeQueries);
  const [client] = useState(() => {
    const url = `${typeof location === 'undefined' ? '' : location.origin}/api/trpc`;
    return createTRPCClient<AppRouter>({
      links: [httpBatchLink({ url, transformer: superjson, maxURLLength: 8_000 })],
    });
  });
  return (
    <QueryClientProvider client={queries}>
      <TRPCProvider trpcClient={client} queryClient={queries}>
        <LiveProvider>{children}</LiveProvider>
        <Toaster
          position="bottom-right"
          offset={16}
          mobileOffset={{ bottom: 72 }}
          toastOptions={{
            unstyled: true,
            classNames: {
              toast: 'toast float',
              title: 'toast-title',
              description: 'm',
              actionButton: 'btn small toast-action',
            },
          }}
        />
      </TRPCProvider>
    </QueryClientProvider>
  );
}
