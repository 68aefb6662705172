import { createServer } from 'node:http';
import { HttpError, sendJson } from './http.js';
import { findRoute } from './router.js';
import { createRoutes } from './routes.js';
import { sendStatic } from './static.js';

/** The whole product as one HTTP server: API routes first, files of `public/` for everything else. */
export function createApp({ routes = createRoutes() } = {}) {
  return createServer(async (request, response) => {
    try {
      const url = new URL(request.url, 'http://localhost');
      const route = findRoute(routes, request.method, url.pathname);
      if (route) {
        await route.handle({ request, response, url, params: route.params });
      } else if (request.method === 'GET' || request.method === 'HEAD') {
        await sendStatic(response, url.pathname);
      } else {
        throw new HttpError(404, 'There is nothing here.');
      }
    } catch (error) {
      const status = error instanceof HttpError ? error.status : 500;
      if (status === 500) console.error(error);
      if (response.headersSent) return response.destroy();
      sendJson(response, status, { error: status === 500 ? 'Something went wrong on our side.' : error.message });
    }
  });
}
