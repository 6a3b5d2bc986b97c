// Searching in a page's list.

/** Returns whether a text has all words that are wanted, in whatever case. */
export function matcherOf(wanted) {
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  return (text) => words.every((word) => text.toLowerCase().includes(word));
}

/** Makes `/` lead to the search, except where somebody writes. */
export function focusBySlash(search) {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName ?? "")) return;
    event.preventDefault();
    search.focus();
  });
}
