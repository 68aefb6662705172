import Link from 'next/link';

export default function NotFound() {
  return (
    <main className="grid h-full place-content-center justify-items-start gap-3 p-6">
      <h1 className="text-say leading-8 font-semibold">Nothing is at this address.</h1>
      <p className="text-muted">It may never have existed, or it belongs to another installation.</p>
      <Link className="btn" href="/">
        To the board
      </Link>
    </main>
  );
}
