'use client';
import { useEffect, useState } from 'react';

/** A choice of how things are shown, remembered on this machine. */
export function useChoice<T extends string>(name: string, all: readonly T[], first: T): [T, (to: T) => void] {
  const [chosen, setChosen] = useState<string | null>(null);
  const key = `alai-${name}`;
  // After the first drawing, which is the server's and knows no choice.
  useEffect(() => setChosen(localStorage.getItem(key)), [key]);
  return [
    all.find((c) => c === chosen) ?? first,
    (to) => {
      setChosen(to);
      try {
        localStorage.setItem(key, to);
      } catch {
        // Not remembered, and shown all the same.
      }
    },
  ];
}
