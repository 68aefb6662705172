const form = document.querySelector('#choice');
const menu = document.querySelector('#menu');
const price = document.querySelector('#price');
const answer = document.querySelector('#answer');
const button = form.querySelector('button');

const kroner = (ore) => `${(ore / 100).toLocaleString('nb-NO', { minimumFractionDigits: 2 })} kr`;

async function call(method, path, body) {
  const response = await fetch(path, {
    method,
    headers: body ? { 'content-type': 'application/json' } : {},
    body: body && JSON.stringify(body),
  });
  const value = await response.json();
  if (!response.ok) throw new Error(value.error);
  return value;
}

function chosen() {
  const items = [...menu.querySelectorAll('input')]
    .map((input) => ({ slug: input.name, quantity: Number(input.value) }))
    .filter((item) => item.quantity > 0);
  return { plan: form.elements.plan.value, items };
}

async function showPrice() {
  answer.textContent = '';
  button.disabled = true;
  const choice = chosen();
  if (choice.items.length === 0) {
    price.textContent = 'Choose meals to see the price.';
    return;
  }
  try {
    const week = await call('POST', '/api/quote', choice);
    const saved = week.discount_ore > 0 ? `, ${kroner(week.discount_ore)} saved` : '';
    price.textContent = `${kroner(week.total_ore)} with delivery${saved}`;
    button.disabled = false;
  } catch (error) {
    price.textContent = error.message;
  }
}

function row(meal) {
  const item = document.createElement('li');
  const label = document.createElement('label');
  label.htmlFor = meal.slug;
  label.textContent = `${meal.name} (${meal.diet}), ${kroner(meal.price_ore)}`;
  const input = document.createElement('input');
  Object.assign(input, { id: meal.slug, name: meal.slug, type: 'number', min: 0, max: 16, value: 0 });
  item.append(label, input);
  return item;
}

form.addEventListener('input', showPrice);
form.addEventListener('submit', async (event) => {
  event.preventDefault();
  button.disabled = true;
  try {
    const order = await call('POST', '/api/checkout', { items: chosen().items });
    answer.textContent = `Ordered. It arrives on ${order.deliver_on}.`;
  } catch (error) {
    answer.textContent = error.message;
    button.disabled = false;
  }
});

const { meals } = await call('GET', '/api/meals');
menu.replaceChildren(...meals.map(row));
