// @ts-check
// Brings the book's widgets to life on a page without a kernel. Each is an ES module to anywidget's
// interface, the same file that Jupyter loads; here a plain object stands in for the kernel's model.
// A view can be shared: the address holds it as #~name:key=value&key=value, one part for each widget.

/**
 * What a widget's module exports; settings.js makes the last two.
 * @typedef {object} Widget
 * @property {{ render(place: { model: Model, el: HTMLElement, start: State }): unknown }} default
 * @property {Record<string, string>} [hashKeys]
 * @property {(name: string, text: string) => unknown} [clean]
 *
 * @typedef {(model: Model, value: unknown) => void} Listener
 *
 * What a page, and not the address, says of a widget.
 * @typedef {Record<string, unknown>} State
 */

class Model {
  /** @type {Record<string, unknown>} */
  #state;
  /** @type {Map<string, Set<Listener>>} */
  #listeners = new Map();
  /** @param {Record<string, unknown>} state */
  constructor(state) {
    this.#state = { ...state };
  }
  /** @param {string} name */
  get(name) {
    return this.#state[name];
  }
  /** @param {string} name @param {unknown} value */
  set(name, value) {
    if (Object.is(this.#state[name], value)) return;
    this.#state[name] = value;
    for (const listener of [...(this.#listeners.get(`change:${name}`) ?? [])]) listener(this, value);
  }
  save_changes() {} // no kernel to tell
  /** @param {string} event @param {Listener} listener */
  on(event, listener) {
    this.#listeners.set(event, (this.#listeners.get(event) ?? new Set()).add(listener));
  }
  /** @param {string} event @param {Listener} listener */
  off(event, listener) {
    this.#listeners.get(event)?.delete(listener);
  }
}

const PREFIX = "#~"; // no heading's id begins with ~
/** Each host's key: its widget's name, with a number from the second on. @type {Map<HTMLElement, string>} */
const keys = new Map();
/** A key's part of the address. @type {Map<string, string>} */
const shared = new Map();
/** For a mounted widget's key, what takes its state from the address. @type {Map<string, () => void>} */
const adopters = new Map();

/**
 * The text without the percent signs that mail and chat programs write into an address.
 * @param {string} text
 * @returns {string}
 */
function decoded(text) {
  const plain = text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
    try {
      return decodeURIComponent(run);
    } catch {
      return run;
    }
  });
  return plain === text ? text : decoded(plain); // they may have done it twice
}

function readAddress() {
  const address = decoded(location.hash);
  if (!address.startsWith(PREFIX)) return;
  for (const part of address.slice(PREFIX.length).split("~")) {
    const [key, ...rest] = part.split(":");
    shared.set(key, rest.join(":"));
    adopters.get(key)?.();
  }
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
function writeAddress() {
  clearTimeout(timer);
  timer = setTimeout(() => { // browsers limit how often an address may change
    const parts = [...keys.values()].filter((key) => shared.has(key))
      .map((key) => `${key}:${shared.get(key)}`);
    history.replaceState(history.state, "", PREFIX + parts.join("~"));
  }, 400);
}

/** @param {string} key @param {Model} model @param {Widget} widget */
function followAddress(key, model, { hashKeys = {}, clean = () => undefined }) {
  const adopt = () => {
    for (const [short, text] of new URLSearchParams(shared.get(key))) {
      const value = Object.hasOwn(hashKeys, short) ? clean(hashKeys[short], text) : undefined;
      if (value !== undefined) model.set(hashKeys[short], value);
    }
  };
  adopt();
  adopters.set(key, adopt);
  for (const name of Object.values(hashKeys)) {
    model.on(`change:${name}`, () => {
      const state = Object.entries(hashKeys).map(([short, of]) => [short, String(model.get(of))]);
      shared.set(key, new URLSearchParams(state).toString());
      writeAddress();
    });
  }
}

/** @param {HTMLElement} host @param {string} key */
async function mount(host, key) {
  /** @type {Widget} */
  const widget = await import(new URL(`widgets/${host.dataset.widget}.js`, import.meta.url).href);
  const said = host.querySelector("script[type='application/json']")?.textContent ?? "{}";
  /** @type {State} */
  const start = JSON.parse(said), model = new Model(start);
  followAddress(key, model, widget);
  const el = host.appendChild(document.createElement("div"));
  await widget.default.render({ model, el, start });
  host.querySelector(".widget-fallback")?.remove();
  host.dataset.ready = "true";
}

/** The static figure stays, and says why. @param {HTMLElement} host @param {unknown} error */
function giveUp(host, error) {
  host.dataset.ready = "error";
  const reason = host.querySelector(".widget-reason");
  if (reason) reason.textContent = "The live figure could not be loaded; load the page again to retry.";
  console.error(error);
}

const nearby = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    const host = /** @type {HTMLElement} */ (target), key = keys.get(host);
    if (!isIntersecting || !key) continue;
    nearby.unobserve(host);
    mount(host, key).catch((error) => giveUp(host, error));
  }
}, { rootMargin: "300px" });

/** @type {Record<string, number>} */
const seen = {};
for (const host of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-widget]"))) {
  const name = host.dataset.widget ?? "", nth = (seen[name] = (seen[name] ?? 0) + 1);
  keys.set(host, nth === 1 ? name : `${name}-${nth}`);
  nearby.observe(host);
}
readAddress();
addEventListener("hashchange", readAddress);
[...keys].find(([, key]) => shared.has(key))?.[0].scrollIntoView();
