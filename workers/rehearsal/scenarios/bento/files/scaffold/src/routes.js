import { sendJson } from './http.js';

/** Every route of the API. */
export function createRoutes() {
  return [
    {
      method: 'GET',
      path: '/api/health',
      handle: ({ response }) => sendJson(response, 200, { status: 'ok' }),
    },
  ];
}
