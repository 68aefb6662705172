/** The customer of a request, or an error that answers 401. */
export function customerOf(request, sessions) {
  const customer = sessions.get(request.session);
  if (!customer) throw Object.assign(new Error('Sign in first.'), { status: 401 });
  return customer;
}
