/** What a start tells the person who watches it: one line per thing done, with its time; plain lines without a TTY. */
export interface Progress {
  /** Runs one part of the start. Its work may report what it is at, and returns the line that stays. */
  step<T>(title: string, work: (at: (detail: string) => void) => Promise<Done<T>>): Promise<T>;
  /** A line of its own, also while a step runs. */
  say(text: string): void;
}

export interface Done<T> {
  value: T;
  /** What was found or done; empty leaves no line (nothing had to be done). */
  said: string;
}

export function createProgress(out: NodeJS.WriteStream = process.stdout): Progress {
  const tty = out.isTTY === true;
  let current: { title: string; detail: string; started: number } | undefined;
  const clear = () => {
    if (tty) out.write('\r\x1b[2K');
  };
  const draw = () => {
    if (!current) return;
    const seconds = Math.floor((Date.now() - current.started) / 1000);
    const text = `• ${current.title}${current.detail ? `: ${current.detail}` : ''}  ${seconds} s`;
    clear();
    out.write(text.slice(0, Math.max(20, (out.columns ?? 80) - 1)));
  };
  return {
    say(text) {
      clear();
      out.write(`${text}\n`);
      if (tty) draw();
    },
    async step(title, work) {
      const started = Date.now();
      current = { title, detail: '', started };
      // Without a TTY a long step announces itself once and then says every 20 s that it is still at it.
      const timer = setInterval(
        tty
          ? draw
          : () =>
              out.write(
                `  ${title} … ${Math.round((Date.now() - started) / 1000)} s ${current?.detail ?? ''}\n`,
              ),
        tty ? 200 : 20_000,
      );
      if (tty) draw();
      try {
        const done = await work((detail) => {
          if (current) current.detail = detail;
        });
        const took = Date.now() - started;
        clear();
        const time = took >= 1_000 ? `  ${(took / 1000).toFixed(took < 10_000 ? 1 : 0)} s` : '';
        if (done.said) out.write(`✓ ${title}: ${done.said}${time}\n`);
        return done.value;
      } catch (e) {
        clear();
        out.write(`✗ ${title}\n`);
        throw e;
      } finally {
        clearInterval(timer);
        current = undefined;
      }
    },
  };
}
