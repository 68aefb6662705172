import { mkdirSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import pino, { type Logger, type StreamEntry } from 'pino';
import { env } from './env.ts';

export type { Logger } from 'pino';

const KEEP_BYTES = 20 * 1024 * 1024;

/** One generation of old logs is kept; growth is bounded without a log daemon. */
function rotate(file: string): void {
  try {
    if (statSync(file).size > KEEP_BYTES) renameSync(file, `${file}.1`);
  } catch {
    // no log yet
  }
}

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
  options: { home?: string; level?: string; tty?: boolean } = {},
): Logger {
  const home = options.home ?? env().ALAI_HOME;
  const level = options.level ?? env().LOG_LEVEL;
  const file = path.join(home, 'logs', `${name}.log`);
  mkdirSync(path.dirname(file), { recursive: true });
  rotate(file);
  const streams: StreamEntry[] = [
    { level: 'trace', stream: pino.destination({ dest: file, mkdir: true, sync: true }) },
  ];
  if (options.tty ?? process.stderr.isTTY) {
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
