import { createServer, type Server } from 'node:http';
import path from 'node:path';
import { AlaiError } from '#server/domain/errors.ts';
import type { Db } from '#server/platform/db.ts';
import type { Logger } from '#server/platform/logger.ts';
import { createGitHttp } from '#server/projects/git-http.ts';

/** Serves the projects' bare repositories to the workers; code travels by git only, never by a shared path. */
export async function serveRepositories(o: {
  db: Db;
  home: string;
  port: number;
  /** Loopback, unless this installation is meant to be reached from other machines. */
  host: string;
  token: string;
  log: Logger;
}): Promise<Server> {
  const git = createGitHttp({ repositories: path.join(o.home, 'repositories'), token: o.token });
  const server = createServer((req, res) => {
    git(req, res)
      .then((served) => {
        if (!served) res.writeHead(404).end('not here\n');
      })
      .catch((err) => {
        o.log.error({ err }, 'repository request failed');
        if (!res.headersSent) res.writeHead(500);
        res.end();
      });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (e: NodeJS.ErrnoException) =>
      reject(
        e.code === 'EADDRINUSE'
          ? new AlaiError(
              'PORT_IN_USE',
              `Port ${o.port} is in use, and the repositories are served there.`,
              'Set ALAI_GIT_PORT to a free port.',
            )
          : e,
      ),
    );
    server.listen(o.port, o.host, resolve);
  });
  return server;
}
