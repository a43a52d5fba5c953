// @ts-check
// What is wider than the page scrolls inside its own box; the keyboard must be able to reach that box.
const boxes = ".bd-article :is(.katex-display, pre, .pst-scrollable-table-container, .cell_output)";

/** @param {HTMLElement} box */
function name(box) {
  if (box.scrollWidth > box.clientWidth + 1) {
    box.tabIndex = 0;
    box.setAttribute("role", "group");
    const what = box.matches(".katex-display") ? "Equation" : "Box";
    box.setAttribute("aria-label", `${what}, scrolls sideways`);
  } else if (box.getAttribute("role") === "group") {
    for (const attribute of ["tabindex", "role", "aria-label"]) box.removeAttribute(attribute);
  }
}

/** @param {ParentNode} [part] */
function nameAll(part = document) {
  for (const box of part.querySelectorAll(boxes)) name(/** @type {HTMLElement} */ (box));
}

addEventListener("resize", () => nameAll());
document.fonts.ready.then(() => nameAll());
// A formula out of sight has no width yet: it is looked at again when it comes near.
document.addEventListener("contentvisibilityautostatechange", (event) => {
  const { target, skipped } = /** @type {ContentVisibilityAutoStateChangeEvent} */ (event);
  if (!skipped) requestAnimationFrame(() => nameAll(/** @type {Element} */ (target)));
}, true);

// What an address points at may lie in a fold, as checks and solutions do: unfold it. Browsers open
// a <details> by themselves, but not all of them do yet.
function unfold() {
  const target = document.getElementById(location.hash.slice(1));
  const check = target?.closest("details");
  const solution = target?.closest(".toggle-hidden");
  if (!target || (!solution && (!check || check.open))) return;
  if (check) check.open = true;
  /** @type {HTMLElement | null | undefined} */ (solution?.querySelector(".toggle-button"))?.click();
  target.scrollIntoView();
}

addEventListener("load", unfold);
addEventListener("hashchange", unfold);
