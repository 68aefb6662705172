import { HttpError } from '../http.js';
import { mealBySlug } from './catalogue.js';

/** Meals a week, and the discount in percent that comes with them. */
export const plans = {
  small: { meals: 4, discount: 0 },
  regular: { meals: 8, discount: 5 },
  family: { meals: 16, discount: 10 },
};

/**
 * The price of a week: `items` is a list of { slug, quantity } that fills the plan exactly. All sums are whole øre, and
 * the discount is rounded to the customer's favour.
 */
export function quote(planName, items) {
  const plan = Object.hasOwn(plans, planName) ? plans[planName] : null;
  if (!plan) throw new HttpError(400, `The plan must be one of ${Object.keys(plans).join(', ')}.`);
  if (!Array.isArray(items) || items.length === 0) throw new HttpError(400, 'Choose at least one meal.');
  let count = 0;
  let sum = 0;
  const seen = new Set();
  for (const item of items) {
    const meal = mealBySlug.get(item?.slug);
    if (!meal) throw new HttpError(400, 'One of the meals is not on this week’s menu.');
    if (seen.has(meal.slug)) throw new HttpError(400, `${meal.name} is in the list twice.`);
    if (!Number.isInteger(item.quantity) || item.quantity < 1) throw new HttpError(400, 'A quantity is at least one.');
    seen.add(meal.slug);
    count += item.quantity;
    sum += meal.price_ore * item.quantity;
  }
  if (count !== plan.meals) throw new HttpError(400, `The ${planName} plan has ${plan.meals} meals, you chose ${count}.`);
  const discount = plan.discount;
  return { plan: planName, meals: count, sum_ore: sum, discount_ore: discount, delivery_ore: 0, total_ore: sum - discount };
}
