'use client';
import { signIn } from 'next-auth/react';
import { type FormEvent, useCallback, useEffect, useRef, useState } from 'react';
import { forgetKept } from '../status/keep-at-hand.ts';
import { Button } from '../ui/button.tsx';
import { Mark } from '../ui/mark.tsx';

type Step = 'checking' | 'asking' | 'posting' | 'refused';

const refusals: Record<string, [string, string]> = {
  limited: [
    'Too many tries.',
    'Wait a minute, then use a new link: restart `npm start`, or run `npx alai sign-in`.',
  ],
  link: [
    'This link is used up or has expired.',
    'Each link signs in once. Get a new one: from whoever invited you, or with `npx alai sign-in`.',
  ],
  down: ['Mission Control does not answer.', 'Wait until `npm start` says that it is ready, then try again.'],
};

/** What stands between backticks is a command. */
const coded = (text: string) =>
  text.split('`').map((part, i) => (i % 2 === 1 ? <code key={part}>{part}</code> : part));

/** Only pages of ours may follow a sign-in. */
function nextPage(): string {
  const next = new URLSearchParams(location.search).get('next') ?? '/';
  return next.startsWith('/') && !next.startsWith('//') && !next.includes('\\') ? next : '/';
}

/** The one-time code comes in the URL fragment, which browsers never send, and is posted once. */
export function SignIn() {
  const [step, setStep] = useState<Step>('checking');
  const [refusal, setRefusal] = useState(refusals.link);
  const [code, setCode] = useState('');
  const posted = useRef('');

  const post = useCallback(async (given: string) => {
    setStep('posting');
    try {
      const answer = await signIn('code', { code: given, redirect: false });
      if (answer?.ok) {
        location.replace(nextPage());
        return;
      }
      setRefusal(refusals[answer?.error === 'RATE_LIMITED' ? 'limited' : 'link']);
    } catch {
      setRefusal(refusals.down);
    }
    setStep('refused');
  }, []);

  useEffect(() => void forgetKept(), []);
  useEffect(() => {
    const read = () => {
      const given = location.hash.replace(/^#(code=)?/, '');
      // Out of the address bar and the history before anything else can read it.
      if (given) history.replaceState(null, '', location.pathname + location.search);
      if (given && given !== posted.current) {
        posted.current = given;
        void post(given);
      } else if (!posted.current) setStep('asking');
    };
    read();
    // A link opened while this page is shown changes the fragment only and loads nothing.
    addEventListener('hashchange', read);
    return () => removeEventListener('hashchange', read);
  }, [post]);

  const submit = (e: FormEvent) => {
    e.preventDefault();
    const given = code.trim().replace(/^.*#(code=)?/, '');
    if (given) void post(given);
  };

  return (
    <main className="grid h-full place-items-center p-6">
      <div className="flex w-full max-w-[400px] flex-col gap-4">
        <p className="text-muted">ALAI Mission Control</p>
        {step === 'checking' || step === 'posting' ? (
          <h1 className="text-say leading-8 font-semibold" role="status">
            Signing you in.
          </h1>
        ) : (
          <>
            <h1 className="text-say leading-8 font-semibold">
              {step === 'refused' ? refusal?.[0] : 'Sign in with your link.'}
            </h1>
            <p className="flex gap-2 text-muted" role={step === 'refused' ? 'alert' : undefined}>
              {step === 'refused' ? (
                <span className="failed mt-1">
                  <Mark shape="failed" />
                </span>
              ) : null}
              <span>
                {coded(
                  step === 'refused'
                    ? (refusal?.[1] ?? '')
                    : '`npm start` printed a link that signs in once, or somebody sent you one. Open it, or paste it here.',
                )}
              </span>
            </p>
            <form onSubmit={submit} className="flex gap-2">
              <input
                className="field"
                aria-label="Sign-in link"
                placeholder="http://…/sign-in#…"
                autoComplete="off"
                spellCheck={false}
                value={code}
                onChange={(e) => setCode(e.target.value)}
              />
              <Button type="submit" kind="primary" disabled={!code.trim()}>
                Sign in
              </Button>
            </form>
          </>
        )}
      </div>
    </main>
  );
}
