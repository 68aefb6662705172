/** Orders in memory, newest last. */
export function createOrders() {
  const orders = [];
  return {
    place(customer, meals) {
      if (meals.length === 0) throw Object.assign(new Error('Choose at least one meal.'), { status: 400 });
      const order = { id: orders.length + 1, customer, meals: [...meals] };
      orders.push(order);
      return order;
    },
    of: (customer) => orders.filter((order) => order.customer === customer),
  };
}
