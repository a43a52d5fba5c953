// What is wider than the page scrolls inside its own box; the keyboard must be able to reach that box.
const scrollers = ".bd-article :is(div.math, pre, .pst-scrollable-table-container, .cell_output)";

function nameScrollers() {
  for (const box of document.querySelectorAll(scrollers)) {
    const scrolls = box.scrollWidth > box.clientWidth + 1;
    if (scrolls) {
      box.tabIndex = 0;
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", box.matches("div.math") ? "Equation, scrolls sideways" : "Scrolls sideways");
    } else if (box.getAttribute("role") === "group") {
      box.removeAttribute("tabindex");
      box.removeAttribute("role");
      box.removeAttribute("aria-label");
    }
  }
}

nameScrollers();
addEventListener("resize", nameScrollers);
