'use client';
import { useEffect } from 'react';
import { Mark } from '../ui/mark.tsx';

/** Stands for the page that cannot be drawn, and asks again until it can. */
export function Unreachable() {
  useEffect(() => {
    const look = async () => {
      const answer = await fetch('/health', { cache: 'no-store' }).catch(() => null);
      if (answer?.ok) location.reload();
    };
    const timer = setInterval(() => void look(), 3_000);
    return () => clearInterval(timer);
  }, []);
  return (
    <div className="status">
      <header className="top">
        <h1 className="cut">Mission Control</h1>
      </header>
      <main className="say" role="alert">
        <a href="/status">
          <Mark shape="failed" />
          <strong>The database does not answer.</strong>
          <span className="m">
            Nothing is lost: all goes on by itself when it answers again, and this page with it. Look whether
            PostgreSQL runs, hangs or has a full disk.
          </span>
        </a>
      </main>
    </div>
  );
}
