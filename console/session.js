// The keys somebody has entered: for this tab, or longer when they asked for it.

const KEY = "seedhook-key";
const ADMIN = "seedhook-admin-key";

export const apiKey = () => sessionStorage.getItem(KEY) ?? localStorage.getItem(KEY);
export const adminKey = () => sessionStorage.getItem(ADMIN);

export function keepKey(key, { remember }) {
  sessionStorage.setItem(KEY, key);
  if (remember) localStorage.setItem(KEY, key);
}

/** The admin key opens everything: it never outlives the tab. */
export function keepAdminKey(key) {
  sessionStorage.setItem(ADMIN, key);
}

export function forgetAdminKey() {
  sessionStorage.removeItem(ADMIN);
}

export function forgetKeys() {
  forgetAdminKey();
  sessionStorage.removeItem(KEY);
  localStorage.removeItem(KEY);
}
