'use client';
import { useQuery } from '@tanstack/react-query';
import type { Permission } from '#server/domain/permissions.ts';
import { useTRPC } from './trpc.ts';

/** Who is signed in. Pages ask it what to offer; the server decides in any case. */
export function useMe() {
  const trpc = useTRPC();
  return useQuery(trpc.me.get.queryOptions()).data;
}

/** Whether the one who is signed in may do it; true until that is known, so that nothing flickers away. */
export function useMay(permission: Permission): boolean {
  const me = useMe();
  return me === undefined || me.may.includes(permission);
}
