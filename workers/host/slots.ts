import type { Logger } from '#server/platform/logger.ts';

/**
 * Keeps the slots of a host busy. Whoever calls `look` says that there may be work: a message came, an attempt ended, time has
 * passed. What is taken is decided one at a time, so that two slots never reach for the same task.
 */
export class Slots<T> {
  readonly #take: () => Promise<T | null>;
  readonly #run: (taken: T) => Promise<void>;
  readonly #log: Logger;
  #looking = false;
  #began = 0;
  #again = false;
  #closed = false;

  constructor(o: { take: () => Promise<T | null>; run: (taken: T) => Promise<void>; log: Logger }) {
    this.#take = o.take;
    this.#run = o.run;
    this.#log = o.log;
  }

  /** Takes what there is, until the host is full or nothing is left. Never rejects. */
  async look(): Promise<void> {
    this.#again = true;
    if (this.#looking) return;
    this.#looking = true;
    try {
      while (this.#again && !this.#closed) {
        this.#again = false;
        for (let taken = await this.#next(); taken !== null; taken = await this.#next()) {
          void this.#run(taken)
            .catch((err) => this.#log.error({ err }, 'an attempt broke'))
            .finally(() => void this.look());
          if (this.#closed) break;
        }
      }
    } catch (err) {
      this.#log.warn({ err }, 'looking for work failed');
    } finally {
      this.#looking = false;
    }
  }

  #next(): Promise<T | null> {
    this.#began = Date.now();
    return this.#take();
  }

  /** How long it reaches for the same piece of work already, in milliseconds; 0 when it does not. */
  get lookingMs(): number {
    return this.#looking ? Date.now() - this.#began : 0;
  }

  /** Nothing is taken from here on; what runs goes on. */
  close(): void {
    this.#closed = true;
  }
}
