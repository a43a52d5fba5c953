// @ts-check
// A citation opens its entry of the list of references in place; without scripts it leads there.

const note = document.createElement("div");
note.className = "source-note";
note.popover = "auto";
note.id = "source-note";
let openedAt = 0;

document.addEventListener("click", (event) => {
  const link = event.target instanceof Element && event.target.closest("a.reference.internal");
  if (!(link instanceof HTMLAnchorElement) || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const entry = document.getElementById(link.hash.slice(1));
  if (!entry?.matches(".citation") || entry.contains(link)) return;
  event.preventDefault();
  note.replaceChildren(...[...entry.children].filter((part) => !part.matches(".label")).map((part) => part.cloneNode(true)));
  link.after(note); // the keyboard goes on from here
  const { left, bottom } = link.getBoundingClientRect();
  note.showPopover();
  openedAt = scrollY;
  note.style.left = `${Math.max(8, Math.min(left, innerWidth - note.offsetWidth - 16))}px`;
  note.style.top = `${Math.min(bottom + 6, innerHeight - note.offsetHeight - 8)}px`;
});

addEventListener("keydown", ({ key }) => {
  if (key === "Escape" && note.matches(":popover-open")) note.hidePopover();
});

// It lies over the page where the link was: scrolled away from there, it closes.
addEventListener("scroll", () => {
  if (note.matches(":popover-open") && Math.abs(scrollY - openedAt) > 200) note.hidePopover();
}, { passive: true });
