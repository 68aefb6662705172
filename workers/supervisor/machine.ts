import { type EmbeddedPostgres, startEmbeddedPostgres } from '#server/platform/embedded-postgres.ts';
import type { Logger } from '#server/platform/logger.ts';
import { Child, type ChildSpec, type Death } from './child.ts';
import type { Limits } from './silence.ts';
import { watchChildren } from './watch.ts';

/** How long a process may take to end by itself: a worker first gives back what it was doing. */
const GRACE = 5_000;
const WATCH = 2_000;

/** All processes of this machine while they run. */
export class Machine {
  readonly #home: string;
  readonly #log: Logger;
  readonly #say: (text: string) => void;
  #children: Child[] = [];
  #watch: NodeJS.Timeout | undefined;
  #follow: NodeJS.Timeout | undefined;
  #hangs: { stop(): void } | undefined;
  #record: ((death: Death) => void) | undefined;
  #postgres: EmbeddedPostgres | undefined;

  constructor(home: string, log: Logger, say: (text: string) => void) {
    this.#home = home;
    this.#log = log;
    this.#say = say;
  }

  start(specs: ChildSpec[]): void {
    this.#children = specs.map((spec) => this.#child(spec));
    for (const child of this.#children) child.start();
  }

  /**
   * Looks at the plan again and again, and starts what is new in it: a host that was written into fleet.yaml. What was taken out
   * of it goes on until it is drained, and is not started at the next start.
   */
  follow(plan: () => ChildSpec[], everyMs = WATCH): void {
    this.#follow = setInterval(() => {
      const known = new Set(this.#children.map((child) => child.spec.name));
      for (const spec of plan().filter((s) => !known.has(s.name))) {
        this.#say(`Starting ${spec.name}, which is new in companies/_shared/fleet.yaml.`);
        const child = this.#child(spec);
        this.#children.push(child);
        child.start();
      }
    }, everyMs);
  }

  #child(spec: ChildSpec): Child {
    return new Child(spec, this.#home, this.#log, (text, death) => {
      this.#say(text);
      this.#record?.(death);
    });
  }

  /** From here on a process that hangs is started anew like one that died, and each such end is recorded. */
  watchOver(o: {
    databaseAnswers: () => Promise<boolean>;
    record?: (death: Death) => void;
    limits: Limits;
  }): void {
    this.#record = o.record;
    this.#hangs = watchChildren({
      children: () => this.#children,
      databaseAnswers: o.databaseAnswers,
      limits: o.limits,
      log: this.#log,
    });
  }

  /** Starts the embedded PostgreSQL again when somebody kills it; the others reconnect by themselves. */
  keepPostgres(postgres: EmbeddedPostgres, password: string): void {
    this.#postgres = postgres;
    let busy = false;
    this.#watch = setInterval(() => {
      if (busy || this.#postgres?.alive()) return;
      busy = true;
      void this.#revivePostgres(password).finally(() => {
        busy = false;
      });
    }, WATCH);
  }

  async #revivePostgres(password: string): Promise<void> {
    this.#log.warn('the embedded PostgreSQL died, starting it again');
    this.#say('The embedded PostgreSQL ended; starting it again.');
    try {
      this.#postgres = await startEmbeddedPostgres({ home: this.#home, password });
    } catch (e) {
      this.#log.error({ err: e }, 'the embedded PostgreSQL cannot be started');
    }
  }

  /** Ends everything, PostgreSQL last because the others still write their goodbyes into it. */
  async stop(): Promise<void> {
    clearInterval(this.#watch);
    clearInterval(this.#follow);
    this.#hangs?.stop();
    await Promise.all(this.#children.map((child) => child.stop(GRACE)));
    this.#postgres?.stop();
  }

  kill(): void {
    clearInterval(this.#watch);
    clearInterval(this.#follow);
    this.#hangs?.stop();
    for (const child of this.#children) child.kill();
    this.#postgres?.stop();
  }
}
