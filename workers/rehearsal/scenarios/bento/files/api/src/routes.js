import { authRoutes } from './api/auth.js';
import { subscriptionRoutes } from './api/subscriptions.js';
import { sendJson } from './http.js';
import { createServices } from './services.js';

/** Every route of the API. */
export function createRoutes(services = createServices()) {
  return [
    {
      method: 'GET',
      path: '/api/health',
      handle: ({ response }) => sendJson(response, 200, { status: 'ok' }),
    },
    ...authRoutes(services),
    ...subscriptionRoutes(services),
  ];
}
