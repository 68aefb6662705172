/** The meals of this week. Prices in øre, VAT included. */
export const meals = [
  { slug: 'salmon-dill', name: 'Salmon with dill and new potatoes', diet: 'fish', price_ore: 13900 },
  { slug: 'cod-beetroot', name: 'Cod with beetroot and horseradish', diet: 'fish', price_ore: 12900 },
  { slug: 'lamb-cabbage', name: 'Lamb and cabbage', diet: 'meat', price_ore: 13500 },
  { slug: 'meatballs', name: 'Meatballs with lingonberries', diet: 'meat', price_ore: 11900 },
  { slug: 'mushroom-barley', name: 'Barley with chanterelles', diet: 'vegetarian', price_ore: 11900 },
  { slug: 'pea-soup', name: 'Yellow pea soup', diet: 'vegan', price_ore: 9900 },
];

export const mealBySlug = new Map(meals.map((meal) => [meal.slug, meal]));
