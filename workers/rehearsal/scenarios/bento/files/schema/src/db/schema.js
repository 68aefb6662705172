/**
 * The database, described once. `sql.js` makes PostgreSQL of it, `store.js` keeps the same rules in memory.
 * Money is in øre (integers), time in ISO 8601 with zone.
 */
export const tables = {
  users: {
    columns: {
      id: { type: 'integer', key: true },
      email: { type: 'text', unique: true, max: 254 },
      name: { type: 'text', max: 100 },
      password_hash: { type: 'text', max: 200 },
      created_at: { type: 'time' },
    },
  },
  subscriptions: {
    columns: {
      id: { type: 'integer', key: true },
      user_id: { type: 'integer', references: 'users' },
      plan: { type: 'text', among: ['small', 'regular', 'family'] },
      state: { type: 'text', among: ['active', 'paused', 'ended'] },
      started_at: { type: 'time' },
      ended_at: { type: 'time', optional: true },
    },
  },
  meals: {
    columns: {
      id: { type: 'integer', key: true },
      slug: { type: 'text', unique: true, max: 60 },
      name: { type: 'text', max: 100 },
      diet: { type: 'text', among: ['meat', 'fish', 'vegetarian', 'vegan'] },
      price_ore: { type: 'integer', min: 0 },
    },
  },
  deliveries: {
    columns: {
      id: { type: 'integer', key: true },
      subscription_id: { type: 'integer', references: 'subscriptions' },
      meal_id: { type: 'integer', references: 'meals' },
      quantity: { type: 'integer', min: 1 },
      deliver_on: { type: 'date' },
      state: { type: 'text', among: ['planned', 'packed', 'delivered', 'cancelled'] },
    },
  },
};
