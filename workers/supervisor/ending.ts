type Told = Pick<NodeJS.Process, 'on'> & {
  stdout: Pick<NodeJS.WriteStream, 'on'>;
  stderr: Pick<NodeJS.WriteStream, 'on'>;
};

/**
 * Ends in order at the first signal, and at once only at a second Ctrl-C. Whoever ends a whole group (systemd, a closed terminal) tells us and
 * whoever started us, who tells us again: that is one wish, said twice. What we say of it may have nobody left to read it.
 */
export function endWhenTold(by: Told, end: { inOrder(reason: string): void; atOnce(): void }): void {
  let ending = false;
  const first = (reason: string) => {
    ending = true;
    end.inOrder(reason);
  };
  by.on('SIGINT', () => (ending ? end.atOnce() : first('SIGINT')));
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) by.on(signal, () => void (ending || first(signal)));
  // The process that started us is gone, by kill -9 or a closed terminal: nobody could stop us any more.
  by.on('disconnect', () => void (ending || first('the starting process ended')));
  for (const out of [by.stdout, by.stderr]) out.on('error', () => {});
}
