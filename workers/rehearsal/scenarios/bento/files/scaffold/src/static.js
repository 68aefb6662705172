import { readFile } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HttpError } from './http.js';

const ROOT = fileURLToPath(new URL('../public/', import.meta.url));
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Sends a file of `public/`; never one outside of it, never one of a kind we do not know. */
export async function sendStatic(response, pathname) {
  let path;
  try {
    path = normalize(decodeURIComponent(pathname === '/' ? '/index.html' : pathname));
  } catch {
    throw new HttpError(400, 'The address is not valid.');
  }
  const file = join(ROOT, path);
  const type = TYPES[extname(file)];
  if (!type || path.includes('\0') || !file.startsWith(ROOT.endsWith(sep) ? ROOT : ROOT + sep)) {
    throw new HttpError(404, 'There is nothing here.');
  }
  const body = await readFile(file).catch(() => {
    throw new HttpError(404, 'There is nothing here.');
  });
  response.writeHead(200, { 'content-type': type });
  response.end(body);
}
