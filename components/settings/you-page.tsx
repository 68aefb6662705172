'use client';
import { useMe } from '../live/me.ts';
import { roleNames } from './role-names.ts';
import { Sessions } from './sessions.tsx';
import { Tokens } from './tokens.tsx';

/** What belongs to the one who is signed in. */
export function YouPage() {
  const me = useMe();
  return (
    <>
      <header className="settings-head">
        <h2>{me ? [...new Set([me.name, roleNames[me.role]])].join(', ') : 'You'}</h2>
        <p className="m">Where you are signed in, and the tokens that act in your name.</p>
      </header>
      <Sessions />
      <Tokens />
    </>
  );
}
