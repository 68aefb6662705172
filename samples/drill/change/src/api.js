import { customerOf } from './guard.js';
import { priceOf } from './price.js';

/** Every address of the API, by method and path. */
export const routes = [
  { method: 'GET', path: '/api/orders', handle: (request, { orders, sessions }) => orders.of(customerOf(request, sessions)) },
  { method: 'POST', path: '/api/price', handle: (request, { sessions }) => ({ customer: customerOf(request, sessions), price: priceOf(request.body.meals) }) },
];
