export const MEAL_IN_OERE = 8_900;
/** From this many meals on, the whole order is ten percent cheaper. */
export const DISCOUNT_FROM = 5;

/** Price of an order in whole øre. */
export function priceOf(meals) {
  const full = meals.length * MEAL_IN_OERE;
  return meals.length >= DISCOUNT_FROM ? full - Math.round(full / 10) : full;
}
