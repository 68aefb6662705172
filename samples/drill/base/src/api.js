import { customerOf } from './guard.js';

/** Every address of the API, by method and path. */
export const routes = [
  { method: 'GET', path: '/api/orders', handle: (request, { orders, sessions }) => orders.of(customerOf(request, sessions)) },
];
