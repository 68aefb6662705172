import { requireUser } from '../auth/guard.js';
import { HttpError, readJson, sendJson } from '../http.js';
import { mealBySlug, meals } from '../meals/catalogue.js';
import { plans, quote } from '../meals/pricing.js';

/** The menu, the price of a choice, and the order. */
export function mealRoutes(services) {
  const { store, now } = services;
  for (const meal of meals) {
    if (store.find('meals', { slug: meal.slug }).length === 0) store.insert('meals', meal);
  }

  async function priceOf({ request, response }) {
    const { plan, items } = await readJson(request);
    sendJson(response, 200, quote(plan, items));
  }

  /** Orders for one's own active subscription; the price is computed again, whatever the page showed. */
  async function checkout({ request, response }) {
    const user = requireUser(services, request);
    const { items } = await readJson(request);
    const subscription = store.find('subscriptions', { user_id: user.id }).find((s) => s.state === 'active');
    if (!subscription) throw new HttpError(409, 'Choose a plan first.');
    const price = quote(subscription.plan, items);
    const deliver_on = nextSunday(now());
    const planned = { subscription_id: subscription.id, deliver_on, state: 'planned' };
    if (store.find('deliveries', planned).length > 0) throw new HttpError(409, 'This week is ordered already.');
    for (const { slug, quantity } of items) {
      const [meal] = store.find('meals', { slug: mealBySlug.get(slug).slug });
      store.insert('deliveries', { ...planned, meal_id: meal.id, quantity });
    }
    sendJson(response, 201, { ...price, deliver_on });
  }

  return [
    { method: 'GET', path: '/api/meals', handle: ({ response }) => sendJson(response, 200, { meals, plans }) },
    { method: 'POST', path: '/api/quote', handle: priceOf },
    { method: 'POST', path: '/api/checkout', handle: checkout },
  ];
}

/** Orders until Thursday go out on the coming Sunday, later ones a week after. */
export function nextSunday(from) {
  const day = new Date(Date.UTC(from.getUTCFullYear(), from.getUTCMonth(), from.getUTCDate()));
  const weekday = day.getUTCDay();
  const days = (7 - weekday) % 7 || 7;
  day.setUTCDate(day.getUTCDate() + (weekday === 0 || weekday > 4 ? (weekday === 0 ? 7 : days + 7) : days));
  return day.toISOString().slice(0, 10);
}
