import type { ReactNode } from 'react';
import { Button } from './button.tsx';
import { Mark } from './mark.tsx';

/** A block of the exact final size; it shows after 200 ms only. */
export function Skeleton({ className = '' }: { className?: string }) {
  return <span className={`skeleton block ${className}`} aria-hidden="true" />;
}

/** Nothing here: the fact, then the next move. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="flex flex-col items-start gap-3 p-6">
      <h2>{title}</h2>
      {children ? (
        <div className="flex max-w-[60ch] flex-col items-start gap-3 text-muted">{children}</div>
      ) : null}
    </div>
  );
}

/** A refused or failed read: what happened, what to do, and a way to try again. */
export function Failure({ error, retry }: { error: { message: string; hint?: string }; retry?: () => void }) {
  return (
    <div className="flex flex-col items-start gap-3 p-6" role="alert">
      <h2 className="flex items-center gap-2">
        <Mark shape="failed" />
        {error.message}
      </h2>
      {error.hint ? <p className="max-w-[70ch] text-muted">{error.hint}</p> : null}
      {retry ? <Button onClick={retry}>Try again</Button> : null}
    </div>
  );
}
