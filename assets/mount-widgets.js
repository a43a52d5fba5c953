// Brings the book's widgets to life on a page without a kernel. Each is an ES module to anywidget's
// interface, the same file that Jupyter loads; here a plain object stands in for the kernel's model.
// A view can be shared: the address holds it as #~name:key=value&key=value, one part for each widget.

class Model {
  #state;
  #listeners = new Map();
  constructor(state) {
    this.#state = { ...state };
  }
  get(name) {
    return this.#state[name];
  }
  set(name, value) {
    if (Object.is(this.#state[name], value)) return;
    this.#state[name] = value;
    for (const listener of [...(this.#listeners.get(`change:${name}`) ?? [])]) listener(this, value);
  }
  save_changes() {} // no kernel to tell
  on(event, listener) {
    if (!this.#listeners.has(event)) this.#listeners.set(event, new Set());
    this.#listeners.get(event).add(listener);
  }
  off(event, listener) {
    this.#listeners.get(event)?.delete(listener);
  }
}

const PREFIX = "#~"; // no heading's id begins with ~
const keys = new Map(); // each host's key: its widget's name, with a number from the second on
const shared = new Map(); // a key's part of the address
const adopters = new Map(); // for a mounted widget's key, what takes its state from the address

function readAddress() {
  if (!location.hash.startsWith(PREFIX)) return;
  for (const part of location.hash.slice(PREFIX.length).split("~")) {
    const [key, ...rest] = part.split(":");
    shared.set(key, rest.join(":"));
    adopters.get(key)?.();
  }
}

let timer;
function writeAddress() {
  clearTimeout(timer);
  timer = setTimeout(() => { // browsers limit how often an address may change
    const parts = [...keys.values()].filter((key) => shared.has(key))
      .map((key) => `${key}:${shared.get(key)}`);
    history.replaceState(history.state, "", PREFIX + parts.join("~"));
  }, 400);
}

function followAddress(key, model, { hashKeys = {}, clean }) {
  const adopt = () => {
    for (const [short, text] of new URLSearchParams(shared.get(key))) {
      const name = Object.hasOwn(hashKeys, short) ? hashKeys[short] : undefined;
      const value = name && clean(name, text);
      if (value !== undefined) model.set(name, value);
    }
  };
  adopt();
  adopters.set(key, adopt);
  for (const name of Object.values(hashKeys)) {
    model.on(`change:${name}`, () => {
      const state = Object.entries(hashKeys).map(([short, of]) => [short, model.get(of)]);
      shared.set(key, new URLSearchParams(state).toString());
      writeAddress();
    });
  }
}

async function mount(host, key) {
  const widget = await import(new URL(`widgets/${host.dataset.widget}.js`, import.meta.url));
  const start = host.querySelector("script[type='application/json']").textContent;
  const model = new Model(JSON.parse(start));
  followAddress(key, model, widget);
  const el = host.appendChild(document.createElement("div"));
  await widget.default.render({ model, el });
  host.querySelector(".widget-fallback")?.remove();
  host.dataset.ready = "true";
}

const nearby = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    nearby.unobserve(target);
    mount(target, keys.get(target)).catch((error) => {
      target.dataset.ready = "error"; // the static figure stays
      console.error(error);
    });
  }
}, { rootMargin: "300px" });

const seen = {};
for (const host of document.querySelectorAll("[data-widget]")) {
  const name = host.dataset.widget, nth = (seen[name] = (seen[name] ?? 0) + 1);
  keys.set(host, nth === 1 ? name : `${name}-${nth}`);
  nearby.observe(host);
}
readAddress();
addEventListener("hashchange", readAddress);
[...keys].find(([, key]) => shared.has(key))?.[0].scrollIntoView();
