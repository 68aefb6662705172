import { renameSync, statSync } from 'node:fs';
import path from 'node:path';
import pino, { type Logger, type StreamEntry } from 'pino';
import { env } from './env.ts';

export type { Logger } from 'pino';

const KEEP_BYTES = 20 * 1024 * 1024;

/**
 * A log file that is set aside when it has grown, also by a process that runs for months. One generation of old ones is kept, so
 * growth is bounded without a log daemon.
 */
function boundedFile(file: string, keepBytes: number): { write(line: string): void } {
  const out = pino.destination({ dest: file, mkdir: true, sync: true });
  let size = statSync(file).size;
  return {
    write(line) {
      if (size > keepBytes) {
        size = 0;
        try {
          renameSync(file, `${file}.1`);
          out.reopen();
        } catch {
          // It goes on growing until the next time: what a process does is worth more than the size of its log.
        }
      }
      out.write(line);
      size += Buffer.byteLength(line);
    },
  };
}

const ignored = () => {};

/** Turns a JSON line into one that people read; anything else passes through as it is. */
function readable(line: string): string {
  try {
    const { time, level, msg, process: name, pid: _pid, hostname: _host, ...rest } = JSON.parse(line);
    const label = pino.levels.labels[level] ?? 'info';
    const extra = Object.keys(rest).length ? ` ${JSON.stringify(rest)}` : '';
    return `${new Date(time).toISOString().slice(11, 23)} ${label.padEnd(5)} ${name ?? ''}  ${msg ?? ''}${extra}\n`;
  } catch {
    return line;
  }
}

/**
 * The log of one process: JSON lines in `$ALAI_HOME/logs/<name>.log`, and readable lines on stderr when a person looks
 * at it (a terminal, not the supervisor's pipe). Values under secret-looking keys never reach either.
 */
export function createLogger(
  name: string,
  options: { home?: string; level?: string; tty?: boolean; keepBytes?: number } = {},
): Logger {
  const home = options.home ?? env().ALAI_HOME;
  const level = options.level ?? env().LOG_LEVEL;
  const file = path.join(home, 'logs', `${name}.log`);
  const streams: StreamEntry[] = [
    { level: 'trace', stream: boundedFile(file, options.keepBytes ?? KEEP_BYTES) },
  ];
  if (options.tty ?? process.stderr.isTTY) {
    // A terminal that was closed reads no more: the file has it all, and whoever is ending has work left to do.
    if (process.stderr.listenerCount('error', ignored) === 0) process.stderr.on('error', ignored);
    streams.push({
      level: 'trace',
      stream: { write: (line: string) => void process.stderr.write(readable(line)) },
    });
  }
  const secretKeys = [
    'password',
    'secret',
    'token',
    'apiKey',
    'authorization',
    'cookie',
    'authSecret',
    'gitToken',
  ];
  return pino(
    {
      level,
      base: { process: name, pid: process.pid },
      redact: { paths: secretKeys.flatMap((k) => [k, `*.${k}`]), censor: '[secret]' },
    },
    pino.multistream(streams),
  );
}
