CREATE TABLE users (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  email text NOT NULL UNIQUE CHECK (length(email) <= 254),
  name text NOT NULL CHECK (length(name) <= 100),
  password_hash text NOT NULL CHECK (length(password_hash) <= 200),
  created_at timestamptz NOT NULL
);

CREATE TABLE subscriptions (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id integer NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  plan text NOT NULL CHECK (plan IN ('small', 'regular', 'family')),
  state text NOT NULL CHECK (state IN ('active', 'paused', 'ended')),
  started_at timestamptz NOT NULL,
  ended_at timestamptz
);
CREATE INDEX subscriptions_user_id_idx ON subscriptions (user_id);

CREATE TABLE meals (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  slug text NOT NULL UNIQUE CHECK (length(slug) <= 60),
  name text NOT NULL CHECK (length(name) <= 100),
  diet text NOT NULL CHECK (diet IN ('meat', 'fish', 'vegetarian', 'vegan')),
  price_ore integer NOT NULL CHECK (price_ore >= 0)
);

CREATE TABLE deliveries (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  subscription_id integer NOT NULL REFERENCES subscriptions (id) ON DELETE CASCADE,
  meal_id integer NOT NULL REFERENCES meals (id) ON DELETE CASCADE,
  quantity integer NOT NULL CHECK (quantity >= 1),
  deliver_on date NOT NULL,
  state text NOT NULL CHECK (state IN ('planned', 'packed', 'delivered', 'cancelled'))
);
CREATE INDEX deliveries_subscription_id_idx ON deliveries (subscription_id);
CREATE INDEX deliveries_meal_id_idx ON deliveries (meal_id);
