/** The header by which a scripted model server says of itself that it is one. */
const HEADER = 'x-rehearsal';
const PATIENCE_MS = 2_000;

/** Whether the address an agent was given says that its answers are scripted; its maker's own address never does. */
export async function isScripted(url: string | undefined): Promise<boolean> {
  if (!url) return false;
  return await fetch(new URL('/', url), {
    method: 'HEAD',
    signal: AbortSignal.timeout(PATIENCE_MS),
    redirect: 'manual',
  }).then(
    (r) => r.headers.get(HEADER) === 'scripted',
    () => false,
  );
}
