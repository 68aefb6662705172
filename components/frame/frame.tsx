'use client';
import { useRouter } from 'next/navigation';
import { createContext, type ReactNode, use, useCallback, useEffect, useMemo, useState } from 'react';
import { Banners } from './banners.tsx';
import { rememberPrefix, useKeys } from './keys.ts';
import { Palette } from './palette.tsx';
import { Rail } from './rail.tsx';
import { rooms } from './rooms.ts';
import { Shortcuts } from './shortcuts.tsx';
import { Strip, useStrip } from './strip.tsx';

interface FrameControls {
  /** Names the page in the strip: "Board", "All projects". */
  setTitle: (title: string, place?: string) => void;
  composing: boolean;
  setComposing: (open: boolean) => void;
}
const FrameContext = createContext<FrameControls | null>(null);

export function useFrame(): FrameControls {
  const controls = use(FrameContext);
  if (!controls) throw new Error('useFrame needs a Frame around it.');
  return controls;
}

/** Names the page in the strip and in the tab, for as long as it is shown. */
export function useTitle(title: string, place = ''): void {
  const { setTitle } = useFrame();
  useEffect(() => {
    setTitle(title, place);
    document.title = `${[title, place].filter(Boolean).join(' · ')} · Mission Control`;
  }, [setTitle, title, place]);
}

/** Rail, strip, banners, keys and palette around every room. */
export function Frame({ children }: { children: ReactNode }) {
  const router = useRouter();
  const [name, setName] = useState({ title: '', place: '' });
  const [searching, setSearching] = useState(false);
  const [composing, setComposing] = useState(false);
  const [keys, setKeys] = useState(false);
  const { data: strip } = useStrip();

  const setTitle = useCallback((title: string, place = '') => setName({ title, place }), []);
  const search = useCallback(() => setSearching(true), []);
  const compose = useCallback(() => {
    setComposing(true);
    if (location.pathname !== '/') router.push('/');
  }, [router]);

  useKeys({
    c: compose,
    '/': search,
    'mod+k': search,
    '?': () => setKeys(true),
    ...Object.fromEntries(rooms.map((r) => [r.key, () => router.push(r.href)])),
  });
  useEffect(() => {
    // The phone's page is outside this frame: its "New task" comes as an address.
    if (!new URLSearchParams(location.search).has('new')) return;
    history.replaceState(null, '', location.pathname);
    setComposing(true);
  }, []);
  useEffect(() => {
    addEventListener('keydown', rememberPrefix);
    return () => removeEventListener('keydown', rememberPrefix);
  }, []);

  const controls = useMemo(() => ({ setTitle, composing, setComposing }), [setTitle, composing]);
  return (
    <FrameContext value={controls}>
      <a className="btn skip" href="#main">
        To the work
      </a>
      <div className="app">
        <Rail needYou={strip?.needYou ?? 0} onSearch={search} />
        <div className="min-w-0">
          <Strip title={name.title} place={name.place} onSearch={search} />
          <Banners />
        </div>
        <main className="relative grid min-h-0 min-w-0 outline-none" id="main" tabIndex={-1}>
          {children}
        </main>
      </div>
      <Palette
        open={searching}
        onOpenChange={setSearching}
        onCompose={compose}
        onKeys={() => setKeys(true)}
      />
      <Shortcuts open={keys} onOpenChange={setKeys} />
    </FrameContext>
  );
}
