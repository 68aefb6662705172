import { requireUser } from '../auth/guard.js';
import { HttpError, readJson, sendJson } from '../http.js';

const PLANS = ['small', 'regular', 'family'];
/** What a customer may do to a subscription, and the state it needs. */
const MOVES = {
  pause: { from: ['active'], to: 'paused' },
  resume: { from: ['paused'], to: 'active' },
  end: { from: ['active', 'paused'], to: 'ended' },
};

/** Choose, pause, resume and end a subscription: always one's own, and one at a time. */
export function subscriptionRoutes(services) {
  const { store, now } = services;
  const running = (userId) => store.find('subscriptions', { user_id: userId }).find((s) => s.state !== 'ended');

  async function create({ request, response }) {
    const user = requireUser(services, request);
    const { plan } = await readJson(request);
    if (!PLANS.includes(plan)) throw new HttpError(400, `The plan must be one of ${PLANS.join(', ')}.`);
    if (running(user.id)) throw new HttpError(409, 'You have a subscription already.');
    const started_at = now().toISOString();
    sendJson(response, 201, store.insert('subscriptions', { user_id: user.id, plan, state: 'active', started_at }));
  }

  function list({ request, response }) {
    sendJson(response, 200, store.find('subscriptions', { user_id: requireUser(services, request).id }));
  }

  function move({ request, response, params }) {
    const user = requireUser(services, request);
    const subscription = store.get('subscriptions', Number(params.id));
    const wanted = Object.hasOwn(MOVES, params.move) ? MOVES[params.move] : null;
    // Another customer's subscription looks like none at all.
    if (!wanted || subscription?.user_id !== user.id) throw new HttpError(404, 'There is no such subscription.');
    if (!wanted.from.includes(subscription.state)) {
      throw new HttpError(409, `A subscription that is ${subscription.state} cannot ${params.move}.`);
    }
    const ended_at = wanted.to === 'ended' ? { ended_at: now().toISOString() } : {};
    sendJson(response, 200, store.update('subscriptions', subscription.id, { state: wanted.to, ...ended_at }));
  }

  return [
    { method: 'GET', path: '/api/subscriptions', handle: list },
    { method: 'POST', path: '/api/subscriptions', handle: create },
    { method: 'POST', path: '/api/subscriptions/:id/:move', handle: move },
  ];
}
